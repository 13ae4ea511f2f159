/**
 * A circuit breaker. It blocks calls after several failures in a row, so that requests don't queue behind
 * timeouts. After a pause it allows one call at a time, until a call succeeds.
 */
export interface Breaker {
  readonly isOpen: boolean
  /** True if the caller may try now. The caller must then report {@link succeed} or {@link fail}. */
  allows(): boolean
  succeed(): void
  fail(): void
  /** Milliseconds until the next try is allowed; 0 if one is allowed now. */
  retryInMs(): number
}

export interface BreakerOptions {
  /** Failures in a row that open the breaker. */
  threshold: number
  /** Pause after the breaker opens. It doubles with each failed try, up to `maxMs`. */
  minMs: number
  maxMs: number
  now: () => number
  /** Called with true when the breaker opens, and with false when it closes. */
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
      // Blocks other callers during the try. If the try never reports, another is allowed after `maxMs`.
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
      // Calls that started before the breaker opened may still fail. Only a failed try lengthens the pause.
      if (!isTrying) return
      isTrying = false
      pauseMs = Math.min(pauseMs * 2, maxMs)
      retryAt = now() + pauseMs
    },
    retryInMs: () => (isOpen ? Math.max(0, retryAt - now()) : 0)
  }
}
