import { text } from '#dashboard/core/language.ts'
import { Button } from '#dashboard/ui/button.tsx'
import { Dialog } from '#dashboard/ui/dialog.tsx'
import { Table } from '#dashboard/ui/table.tsx'
import { type Draft, FIELDS } from './edit-fields.ts'

interface ConflictProps {
  title: string
  yours: Draft
  theirs: Draft
  isBusy: boolean
  onKeepYours: () => void
  onTakeTheirs: () => void
  onClose: () => void
}

/** Two versions of a link side by side, in the fields that differ. */
export function Conflict({
  title,
  yours,
  theirs,
  isBusy,
  onKeepYours,
  onTakeTheirs,
  onClose
}: ConflictProps) {
  const t = text.value
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
      <footer class="dialog-foot">
        <Button onClick={onTakeTheirs}>{t.edit.takeTheirs}</Button>
        <Button kind="primary" isBusy={isBusy} onClick={onKeepYours}>
          {t.edit.keepYours}
        </Button>
      </footer>
    </Dialog>
  )
}
