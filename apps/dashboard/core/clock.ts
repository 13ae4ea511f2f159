import { signal } from '@preact/signals'

/**
 * The time of the server. The clock of a device may be wrong by days: ages, expiry and periods would be, too.
 */

/** Below this, the difference is the time of the answer's journey, or nothing that a person would notice. */
const NOTICEABLE_MS = 60_000

/** By how much the server's clock is ahead of this device's, in milliseconds; 0 if that is not noticeable. */
export const clockSkew = signal(0)

/** The current time, in milliseconds since the epoch. */
export function now(): number {
  return Date.now() + clockSkew.value
}

/** Learns the time from the `Date` of an answer that no cache has kept. */
export function readServerDate({ headers }: Response): void {
  const time = Date.parse(headers.get('date') ?? '')
  if (Number.isNaN(time) || headers.has('age')) return
  const skew = time - Date.now()
  const isNoticeable = Math.abs(skew) >= NOTICEABLE_MS
  // The header has whole seconds, so small differences between answers mean nothing.
  if (!isNoticeable) clockSkew.value = 0
  else if (Math.abs(skew - clockSkew.value) >= NOTICEABLE_MS / 2) clockSkew.value = skew
}
