import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { text } from '#dashboard/core/language.ts'
import { Button, IconButton } from './button.tsx'

interface Toast {
  id: number
  message: string
  kind: 'good' | 'bad'
  action?: { label: string; run: () => void }
  /** Goes when its work ends. */
  isLasting?: boolean
}

const SHOWN_MS = 6_000
/** Time to reach a button with the keyboard. */
const SHOWN_WITH_ACTION_MS = 12_000

const toasts = signal<Toast[]>([])
let last = 0

const dismiss = (id: number) => {
  toasts.value = toasts.value.filter((one) => one.id !== id)
}

/** Shows a message above the last two others. */
function put(toast: Toast): void {
  toasts.value = [...toasts.value.filter(({ id }) => id !== toast.id).slice(-2), toast]
}

/** Shows a message for a while, and announces it. */
export function showToast(
  message: string,
  { kind = 'good', action }: Partial<Omit<Toast, 'id' | 'message'>> = {}
): void {
  last++
  put({ id: last, message, kind, ...(action && { action }) })
}

/** Shows the progress of `work` until it ends. */
export async function showProgress<T>(
  work: (onProgress: (message: string) => void) => Promise<T>
): Promise<T> {
  last++
  const id = last
  try {
    return await work((message) => put({ id, message, kind: 'good', isLasting: true }))
  } finally {
    dismiss(id)
  }
}

/** The messages. A popover, so that they are above dialogs. */
export function Toasts() {
  const element = useRef<HTMLDivElement>(null)
  const { length } = toasts.value
  useEffect(() => {
    const { current } = element
    if (!current) return
    if (current.matches(':popover-open')) current.hidePopover()
    if (length > 0) current.showPopover()
  }, [length])
  return (
    <div ref={element} class="toasts" popover="manual" role="status" aria-live="polite">
      {toasts.value.map((toast) => (
        <Message key={toast.id} toast={toast} />
      ))}
    </div>
  )
}

function Message({ toast: { id, message, kind, action, isLasting = false } }: { toast: Toast }) {
  useEffect(() => {
    // An offer to repeat what failed is the only one.
    if (isLasting || (kind === 'bad' && action)) return
    const timer = setTimeout(() => dismiss(id), action ? SHOWN_WITH_ACTION_MS : SHOWN_MS)
    return () => clearTimeout(timer)
  }, [id, kind, action, isLasting])
  return (
    <div class={`toast ${kind}`}>
      <p class="wrap">{message}</p>
      {action && (
        <Button
          kind="quiet"
          isSmall
          onClick={() => {
            dismiss(id)
            action.run()
          }}
        >
          {action.label}
        </Button>
      )}
      {!isLasting && <IconButton icon="close" label={text.value.app.dismiss} onClick={() => dismiss(id)} />}
    </div>
  )
}
