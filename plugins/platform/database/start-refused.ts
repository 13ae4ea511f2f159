/** A start that cannot succeed as configured; the message says what to change. */
export class StartRefused extends Error {
  override readonly name = 'StartRefused'
}
