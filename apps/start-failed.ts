/** A start that the operator can mend; the message says how. */
export class StartFailed extends Error {
  override readonly name = 'StartFailed'
}
