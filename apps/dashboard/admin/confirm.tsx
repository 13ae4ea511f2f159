import type { ComponentChildren } from 'preact'
import { useAction } from '#dashboard/core/action.ts'
import { text } from '#dashboard/core/language.ts'
import { Button } from '#dashboard/ui/button.tsx'
import { Dialog } from '#dashboard/ui/dialog.tsx'
import { ErrorNote } from '#dashboard/ui/states.tsx'

interface ConfirmProps<Result> {
  title: string
  /** The name of the button that does it. */
  action: string
  /** Does it. The dialog shows an error; {@link ConfirmProps.onDone} closes it. */
  run: () => Promise<Result>
  onDone: (result: Result) => void
  onClose: () => void
  children: ComponentChildren
}

/** Asks before something that can't be undone. */
export function Confirm<Result>({ title, action, run, onDone, onClose, children }: ConfirmProps<Result>) {
  const confirmed = useAction()
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      {confirmed.error !== null && <ErrorNote error={confirmed.error} />}
      <footer class="dialog-foot">
        <Button onClick={onClose}>{text.value.app.cancel}</Button>
        <Button
          kind="danger"
          isBusy={confirmed.isBusy}
          onClick={() => void confirmed.run(async () => onDone(await run()))}
        >
          {action}
        </Button>
      </footer>
    </Dialog>
  )
}
