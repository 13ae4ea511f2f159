import { text } from '#dashboard/core/language.ts'
import { PALETTE_KEY } from '#dashboard/core/shortcuts.ts'
import { Dialog } from '#dashboard/ui/dialog.tsx'

/** The keyboard shortcuts. */
export function ShortcutSheet({ onClose }: { onClose: () => void }) {
  const t = text.value.shortcuts
  const keys: [key: string, what: string][] = [
    [PALETTE_KEY, text.value.palette.open],
    ['n', t.create],
    ['/', t.search],
    ['l', t.links],
    ['s', t.stats],
    ['?', t.help],
    ['Esc', t.close]
  ]
  return (
    <Dialog title={t.title} onClose={onClose}>
      <dl class="keys">
        {keys.map(([key, what]) => (
          <div key={key}>
            <dt>{what}</dt>
            <dd>
              <kbd>{key}</kbd>
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}
