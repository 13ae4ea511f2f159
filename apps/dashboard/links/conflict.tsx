import { formatNumber } from '#dashboard/core/format.ts'
import { text } from '#dashboard/core/language.ts'
import { Button } from '#dashboard/ui/button.tsx'
import { Dialog } from '#dashboard/ui/dialog.tsx'
import { ErrorNote } from '#dashboard/ui/states.tsx'
import { Table } from '#dashboard/ui/table.tsx'
import { lastChange } from './changes.ts'
import { FIELDS, type FieldError, toDraft } from './edit-fields.ts'
import type { Outdated } from './save.ts'

/** Says why a value is not sent. */
export function explainField(error: FieldError): string {
  const t = text.value.edit
  return error.kind === 'tooLong' ? t.tooLong(formatNumber(error.limit)) : t[error.kind]
}

interface ConflictProps extends Outdated {
  isBusy: boolean
  /** Why saving failed; null if it did not. */
  error: unknown
  onKeepYours: () => void
  onTakeTheirs: () => void
  onClose: () => void
}

/** Two versions of a link side by side, in the fields that differ. */
export function LinkConflict({
  yours,
  theirs: { row },
  isBusy,
  error,
  onKeepYours,
  onTakeTheirs,
  onClose
}: ConflictProps) {
  const t = text.value
  const title = t.edit.conflictTitle
  const theirs = toDraft(row)
  const show = (value: string | boolean) =>
    typeof value === 'boolean' ? (
      value ? (
        t.edit.yes
      ) : (
        t.edit.no
      )
    ) : value === '' ? (
      <em class="soft">{t.edit.empty}</em>
    ) : (
      value
    )
  const rows = FIELDS.filter(({ name }) => yours[name] !== theirs[name])
  return (
    <Dialog title={title} onClose={onClose}>
      <p class="soft">{t.edit.conflictHint}</p>
      <Table
        caption={title}
        layout="is-conflict"
        rows={rows}
        keyOf={({ name }) => name}
        columns={[
          { id: 'field', label: t.edit.field, isHead: true, render: ({ name }) => t.fields[name].label },
          {
            id: 'yours',
            label: t.edit.yours,
            render: ({ name }) => <span class="wrap">{show(yours[name])}</span>
          },
          {
            id: 'theirs',
            label: t.edit.theirs,
            render: ({ name }) => <span class="wrap">{show(theirs[name])}</span>
          }
        ]}
      />
      {error !== null && <ErrorNote error={error} />}
      <footer class="dialog-foot">
        <Button
          onClick={() => {
            lastChange.value = { kind: 'changed', url: row }
            onTakeTheirs()
          }}
        >
          {t.edit.takeTheirs}
        </Button>
        <Button kind="primary" isBusy={isBusy} onClick={onKeepYours}>
          {t.edit.keepYours}
        </Button>
      </footer>
    </Dialog>
  )
}
