/** Asks Prometheus what panels ask it (its HTTP API, "Expression queries"). */

/** A value over time: seconds since 1970, and what was then. */
export interface Series {
  labels: Record<string, string>
  points: [seconds: number, value: number][]
}

interface Reply {
  status: string
  error?: string
  data?: {
    result: { metric: Record<string, string>; values?: [number, string][]; value?: [number, string] }[]
  }
}

/** What `expr` is now. Throws with Prometheus' own words when it refuses. */
export function readNow(url: string, expr: string): Promise<Series[]> {
  return read(`${url}/api/v1/query`, { query: expr })
}

/** What `expr` was from `start` to `end`, every `step` seconds. Throws like {@link readNow}. */
export function readRange(
  url: string,
  expr: string,
  { start, end, step }: { start: number; end: number; step: number }
): Promise<Series[]> {
  return read(`${url}/api/v1/query_range`, { query: expr, start: `${start}`, end: `${end}`, step: `${step}` })
}

async function read(address: string, query: Record<string, string>): Promise<Series[]> {
  const answer = await fetch(`${address}?${new URLSearchParams(query)}`)
  const { status, error, data } = (await answer.json()) as Reply
  if (status !== 'success') throw new Error(`${query['query']}: ${error}`)
  return (data?.result ?? []).map(({ metric, values, value }) => ({
    labels: metric,
    points: (values ?? (value ? [value] : [])).map(([at, text]) => [at, Number(text)])
  }))
}
