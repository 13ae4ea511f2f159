/** A longer text is no address, and the pattern would take long on it. */
const MAX_LENGTH = 10_000

/** Gives a target without a scheme https: `example.com/x`, `localhost:3000`. Others stay as they are. */
export function completeAddress(typed: string): string {
  if (typed.length > MAX_LENGTH) return typed
  const isHost = /^(?:[^\s/:?#]+\.[^\s/:?#]+|localhost)(?::\d+)?(?:[/?#]\S*)?$/.test(typed)
  return isHost ? `https://${typed}` : typed
}

/** True if it is an absolute URL. The server decides which of them may be targets. */
export function isAddress(value: string): boolean {
  return URL.canParse(value)
}
