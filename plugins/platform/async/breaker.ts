/**
 * A circuit breaker: what has failed several times in a row is left alone for a while, so that requests don't queue up
 * behind timeouts, and is then tried by one caller at a time until it works again.
 */
export interface Breaker {
  readonly isOpen: boolean
  /** Whether the caller may try now. When it may, it must report {@link succeed} or {@link fail}. */
  allows(): boolean
  succeed(): void
  fail(): void
  /** Milliseconds until the next try is allowed; 0 when one is. */
  retryInMs(): number
}

export interface BreakerOptions {
  /** Failures in a row that open it. */
  threshold: number
  /** Pause after it opened; doubles with each failed try up to `maxMs`. */
  minMs: number
  maxMs: number
  now: () => number
  /** Called once with true when it opens and once with false when it closes again. */
  onChange?: (isOpen: boolean) => void
}

/** Makes a closed breaker. */
export function createBreaker({ threshold, minMs, maxMs, now, onChange }: BreakerOptions): Breaker {
  let failures = 0
  let isOpen = false
  let isTrying = false
  let pauseMs = minMs
  let retryAt = 0

  return {
    get isOpen() {
      return isOpen
    },
    allows() {
      if (!isOpen) return true
      const time = now()
      if (time < retryAt) return false
      // Held for the one that tries; should it never report, another may.
      isTrying = true
      retryAt = time + maxMs
      return true
    },
    succeed() {
      failures = 0
      if (!isOpen) return
      isOpen = false
      isTrying = false
      pauseMs = minMs
      onChange?.(false)
    },
    fail() {
      failures++
      if (!isOpen) {
        if (failures < threshold) return
        isOpen = true
        retryAt = now() + pauseMs
        onChange?.(true)
        return
      }
      // Many calls that were under way when it opened fail after it: only a try lengthens the pause.
      if (!isTrying) return
      isTrying = false
      pauseMs = Math.min(pauseMs * 2, maxMs)
      retryAt = now() + pauseMs
    },
    retryInMs: () => (isOpen ? Math.max(0, retryAt - now()) : 0)
  }
}
