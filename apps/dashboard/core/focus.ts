import type { RefObject } from 'preact'
import { useEffect } from 'preact/hooks'

const FOCUSABLE = 'a[href], button, input, select, textarea'

/** Where the focus was: the control's place in its row, and the row's place in its table. */
interface Place {
  control: Element
  body: Element | null
  row: number
  index: number
}

function placeOf(control: Element): Place {
  const row = control.closest('tr')
  const body = row?.parentElement ?? null
  return {
    control,
    body,
    row: row && body ? [...body.children].indexOf(row) : -1,
    index: row ? [...row.querySelectorAll(FOCUSABLE)].indexOf(control) : -1
  }
}

/**
 * Keeps the focus when its element goes away, as with a deleted row: the same control of the next row gets
 * it, or `fallback`. Browsers leave it to the body, from where keyboards begin at the top again.
 */
export function useKeptFocus(fallback: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    let last: Place | null = null
    const onFocus = (event: FocusEvent) => {
      last = event.target instanceof Element ? placeOf(event.target) : null
    }
    const observer = new MutationObserver(() => {
      if (last === null || last.control.isConnected || document.activeElement !== document.body) return
      const { body, row, index } = last
      last = null
      const rows = body?.isConnected ? body.children : []
      const next = rows[Math.min(row, rows.length - 1)]?.querySelectorAll<HTMLElement>(FOCUSABLE)[index]
      const target = next ?? fallback.current
      target?.focus({ preventScroll: next === undefined })
    })
    addEventListener('focusin', onFocus)
    observer.observe(document.body, { childList: true, subtree: true })
    return () => {
      removeEventListener('focusin', onFocus)
      observer.disconnect()
    }
  }, [fallback])
}
