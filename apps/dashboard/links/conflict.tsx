import { formatNumber } from '#dashboard/core/format.ts'
import { text } from '#dashboard/core/language.ts'
import { Button } from '#dashboard/ui/button.tsx'
import { Dialog } from '#dashboard/ui/dialog.tsx'
import { ErrorNote } from '#dashboard/ui/states.tsx'
import { Table } from '#dashboard/ui/table.tsx'
import { lastChange } from './changes.ts'
import { FIELDS, type FieldError, toDraft, type Value } from './edit-fields.ts'
import { labelOf } from './field-label.ts'
import type { Outdated } from './save.ts'

/** Says why a value is not sent. */
export function explainField(error: FieldError): string {
  const t = text.value.edit
  return 'limit' in error ? t[error.kind](formatNumber(error.limit)) : t[error.kind]
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
  const show = (value: Value = '') =>
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
  const rows = FIELDS.filter(({ path }) => yours[path] !== theirs[path])
  return (
    <Dialog title={title} onClose={onClose}>
      <p class="soft">{t.edit.conflictHint}</p>
      <Table
        caption={title}
        layout="is-conflict"
        rows={rows}
        keyOf={({ path }) => path}
        columns={[
          { id: 'field', label: t.edit.field, isHead: true, render: labelOf },
          {
            id: 'yours',
            label: t.edit.yours,
            render: ({ path }) => <span class="wrap">{show(yours[path])}</span>
          },
          {
            id: 'theirs',
            label: t.edit.theirs,
            render: ({ path }) => <span class="wrap">{show(theirs[path])}</span>
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
