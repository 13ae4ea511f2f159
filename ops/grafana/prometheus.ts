/** Runs the queries of panels on Prometheus (its HTTP API, "Expression queries"). */

/** Values over time: seconds since 1970, and the value. */
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

/** The current value of `expr`. Throws with Prometheus' error message if the query fails. */
export function readNow(url: string, expr: string): Promise<Series[]> {
  return read(`${url}/api/v1/query`, { query: expr })
}

/** The values of `expr` from `start` to `end`, every `step` seconds. Throws like {@link readNow}. */
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
