import type { Action } from '#dashboard/core/action.ts'
import { text } from '#dashboard/core/language.ts'
import { Button } from './button.tsx'
import { ErrorNote } from './states.tsx'

/** The end of a form in a dialog: the error of the last attempt, and the buttons. */
export function FormFoot({ action, label, onClose }: { action: Action; label: string; onClose: () => void }) {
  const t = text.value.app
  return (
    <>
      {action.error !== null && <ErrorNote error={action.error} />}
      <footer class="dialog-foot">
        <Button onClick={onClose}>{t.cancel}</Button>
        <Button type="submit" kind="primary" isBusy={action.isBusy}>
          {action.isBusy ? t.saving : label}
        </Button>
      </footer>
    </>
  )
}
