import { useSignalEffect } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { type Change, lastChange } from './changes.ts'

/** Calls `apply` with each change of links from now on. */
export function useChanges(apply: (change: Change) => void): void {
  const latest = useRef(apply)
  latest.current = apply
  const applied = useRef(lastChange.peek())
  useSignalEffect(() => {
    const change = lastChange.value
    if (change === null || change === applied.current) return
    applied.current = change
    latest.current(change)
  })
}
