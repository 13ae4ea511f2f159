/** The query of an address, without empty parameters. */
export function toSearch(query: Record<string, string | undefined>): string {
  const entries = Object.entries(query).flatMap(([name, value]) => (value ? [[name, value]] : []))
  return entries.length > 0 ? `?${new URLSearchParams(entries)}` : ''
}
