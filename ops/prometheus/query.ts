/** Queries of Prometheus (its HTTP API, "Expression queries"). */

export interface PrometheusServer {
  prometheusUrl: string
  /** Bearer token for Prometheus behind a proxy. */
  token?: string | undefined
}

/** Values over time: seconds since 1970, and the value. */
export interface Series {
  labels: Record<string, string>
  points: [seconds: number, value: number][]
}

interface Reply {
  data?: {
    result: { metric: Record<string, string>; values?: [number, string][]; value?: [number, string] }[]
  }
}

/** The current value of `expr`. Throws with Prometheus' answer if the query fails. */
export function readNow(server: PrometheusServer, expr: string): Promise<Series[]> {
  return read(server, 'api/v1/query', { query: expr })
}

/** The values of `expr` from `start` to `end`, every `step` seconds. Throws like {@link readNow}. */
export function readRange(
  server: PrometheusServer,
  expr: string,
  { start, end, step }: { start: number; end: number; step: number }
): Promise<Series[]> {
  const range = { start: `${start}`, end: `${end}`, step: `${step}` }
  return read(server, 'api/v1/query_range', { query: expr, ...range })
}

async function read(
  { prometheusUrl, token }: PrometheusServer,
  path: string,
  query: { query: string }
): Promise<Series[]> {
  const answer = await fetch(new URL(path, `${prometheusUrl.replace(/\/*$/, '')}/`), {
    method: 'POST',
    body: new URLSearchParams({ ...query }),
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(10_000)
  })
  const text = await answer.text()
  if (!answer.ok)
    throw new Error(`Prometheus answered ${answer.status} to ${query.query}: ${text.slice(0, 200)}`)
  const { data } = JSON.parse(text) as Reply
  return (data?.result ?? []).map(({ metric, values, value }) => ({
    labels: metric,
    points: (values ?? (value ? [value] : [])).map(([at, value]) => [at, Number(value)])
  }))
}
