import { useState } from 'preact/hooks'

export interface Action {
  isBusy: boolean
  /** Why the last run failed; null if it did not. */
  error: unknown
  /** Does `work` unless it is under way already. */
  run(work: () => Promise<void>): Promise<void>
  /** Shows an error of something else. */
  fail(error: unknown): void
}

/** What a form or a dialog does: once at a time, with the error of its last attempt. */
export function useAction(): Action {
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  async function run(work: () => Promise<void>): Promise<void> {
    if (isBusy) return
    setBusy(true)
    setError(null)
    try {
      await work()
    } catch (error) {
      setError(error)
    }
    setBusy(false)
  }
  return { isBusy, error, run, fail: setError }
}
