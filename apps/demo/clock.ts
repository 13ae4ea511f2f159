/**
 * The clock of this process. The demo sets it back, so that redirects record visits of earlier days. Import
 * it before an app is built: parts of the app keep a reference to `Date.now`.
 */

const readClock = Date.now
let shiftMs = 0

Date.now = () => readClock() + shiftMs

/** Sets the clock, which then runs on from `time`. */
export function setClock(time: number): void {
  shiftMs = time - readClock()
}
