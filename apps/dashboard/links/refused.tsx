import { formatNumber } from '#dashboard/core/format.ts'
import { text } from '#dashboard/core/language.ts'
import { Button } from '#dashboard/ui/button.tsx'
import { Dialog } from '#dashboard/ui/dialog.tsx'
import { Table } from '#dashboard/ui/table.tsx'
import type { Result } from './bulk-tasks.ts'

const SHOWN = 100

export interface RefusedProps extends Result {
  onClose: () => void
}

/** The links that the server refused to change, each with the reason. */
export function Refused({ outcome: { done, refused }, undo, onClose }: RefusedProps) {
  const t = text.value
  const title = t.list.refusedTitle(formatNumber(refused.length), refused.length)
  const left = refused.length - SHOWN
  return (
    <Dialog title={title} onClose={onClose}>
      <p class="soft">{t.list.refusedHint(formatNumber(done.length))}</p>
      <Table
        caption={title}
        layout="is-conflict"
        rows={refused.slice(0, SHOWN)}
        keyOf={({ url }) => url.id}
        columns={[
          {
            id: 'field',
            label: t.links.columnLink,
            isHead: true,
            render: ({ url }) => <span class="wrap">{url.short_code}</span>
          },
          {
            id: 'reason',
            label: t.list.reason,
            render: ({ reason }) => <span class="wrap">{reason}</span>
          }
        ]}
      />
      {left > 0 && <p class="soft">{t.list.andMore(formatNumber(left))}</p>}
      <footer class="dialog-foot">
        {undo && (
          <Button
            onClick={() => {
              undo()
              onClose()
            }}
          >
            {t.links.undo}
          </Button>
        )}
        <Button kind="primary" onClick={onClose}>
          {t.app.close}
        </Button>
      </footer>
    </Dialog>
  )
}
