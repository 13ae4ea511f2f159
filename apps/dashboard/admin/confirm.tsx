import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
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
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  async function onRun() {
    setBusy(true)
    setError(null)
    try {
      onDone(await run())
    } catch (error) {
      setError(error)
      setBusy(false)
    }
  }
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      {error !== null && <ErrorNote error={error} />}
      <footer class="dialog-foot">
        <Button onClick={onClose}>{text.value.app.cancel}</Button>
        <Button kind="danger" isBusy={isBusy} onClick={() => void onRun()}>
          {action}
        </Button>
      </footer>
    </Dialog>
  )
}
