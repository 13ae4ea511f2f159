/**
 * The process cannot start with its configuration. The message says what to change; the log omits the stack.
 */
export class StartRefused extends Error {
  override readonly name: string = this.constructor.name
}
