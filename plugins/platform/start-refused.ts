/** A start that cannot succeed as configured; the message says what to change, so it is shown without a stack. */
export class StartRefused extends Error {
  override readonly name: string = this.constructor.name
}
