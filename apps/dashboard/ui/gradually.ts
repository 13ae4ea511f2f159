import { useEffect, useState } from 'preact/hooks'

/** Rows that are drawn at once: about a screen of them. */
const STEP = 12

/** The first of `rows`, and more of them after each paint, so that long lists don't delay the first one. */
export function useGradually<Row>(rows: readonly Row[]): readonly Row[] {
  const [shown, setShown] = useState(STEP)
  const isPartial = shown < rows.length
  useEffect(() => {
    if (!isPartial) return
    // A timer, because input comes before it; frames would come before input.
    const timer = setTimeout(() => setShown((last) => last + STEP))
    return () => clearTimeout(timer)
  }, [isPartial, shown])
  return isPartial ? rows.slice(0, shown) : rows
}
