/** A start that cannot succeed as configured. The message says what to change; it needs no stack. */
export class StartRefused extends Error {
  override readonly name: string = this.constructor.name
}
