import { useEffect, useRef } from 'preact/hooks'

const EDITABLE = 'input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]'

/** Runs `run` when `key` is pressed outside fields and dialogs, without modifiers. */
export function useShortcut(key: string, run: () => void): void {
  const latest = useRef(run)
  latest.current = run
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as Element
      if (event.key !== key || event.ctrlKey || event.metaKey || event.altKey) return
      if (target.closest?.(EDITABLE) || document.querySelector('dialog[open]')) return
      event.preventDefault()
      latest.current()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [key])
}
