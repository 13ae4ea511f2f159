import { useEffect, useRef } from 'preact/hooks'

const EDITABLE = 'input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]'

const isApple = /Mac|iPhone|iPad/.test(navigator.platform)

/** The key of the palette, as people read it. */
export const PALETTE_KEY = isApple ? '⌘ K' : 'Ctrl K'

/** True for the key of the palette, which also works in fields. */
export function isPaletteKey(event: KeyboardEvent): boolean {
  const [wanted, other] = isApple ? [event.metaKey, event.ctrlKey] : [event.ctrlKey, event.metaKey]
  return event.key.toLowerCase() === 'k' && wanted && !other && !event.altKey && !event.shiftKey
}

/** Runs `run` when the key of the palette is pressed outside dialogs. */
export function usePaletteKey(run: () => void): void {
  const latest = useRef(run)
  latest.current = run
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!isPaletteKey(event) || document.querySelector('dialog[open]')) return
      // The browser would focus its address.
      event.preventDefault()
      if (!event.repeat) latest.current()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])
}

/** Runs `run` when `key` is pressed outside fields and dialogs, without modifiers. */
export function useShortcut(key: string, run: () => void): void {
  const latest = useRef(run)
  latest.current = run
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as Element
      if (
        event.key !== key ||
        event.repeat ||
        event.isComposing ||
        event.ctrlKey ||
        event.metaKey ||
        event.altKey
      )
        return
      if (target.closest?.(EDITABLE) || document.querySelector('dialog[open]')) return
      event.preventDefault()
      latest.current()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [key])
}
