import { get } from '#loadtest/autocannon-run.ts'
import { findLink } from './beside.ts'
import type { Case } from './cases.ts'

/** What the servers of a case get: most get the same. */

/** The case as its server `name` sees it. */
export function seenBy(bench: Case, name: string): Case {
  return name === 'plain' ? { ...bench, ...bench.plain } : bench
}

/** The requests of the server `name` at `url`. */
export async function requestsOf(bench: Case, name: string, url: string): Promise<Case['requests']> {
  if (bench.rules === undefined || name !== 'fairlead') return seenBy(bench, name).requests
  const path = await findLink(url, bench.rules)
  return () => [get(path)]
}
