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
  useKey(isPaletteKey, run)
}

/** Runs `run` when `key` is pressed outside fields and dialogs, without modifiers. */
export function useShortcut(key: string, run: () => void): void {
  useKey((event) => {
    const hasModifier = event.ctrlKey || event.metaKey || event.altKey
    if (event.key !== key || hasModifier || event.repeat || event.isComposing) return false
    return !(event.target as Element).closest?.(EDITABLE)
  }, run)
}

/** Runs `run` instead of what the browser does with the key, outside dialogs. A held key counts once. */
function useKey(isWanted: (event: KeyboardEvent) => boolean, run: () => void): void {
  const latest = useRef({ isWanted, run })
  latest.current = { isWanted, run }
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!latest.current.isWanted(event) || document.querySelector('dialog[open]')) return
      event.preventDefault()
      if (!event.repeat) latest.current.run()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])
}
