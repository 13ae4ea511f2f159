import { Readable } from 'node:stream'
import { readMetric } from '#loadtest/links.ts'
import type { Context, Fault } from '#ops/chaos/fault.ts'
import type { ImportReport } from '#schema/shapes/import-report.ts'
import type { Url } from '#schema/shapes/url.ts'

/** Faults of the input: files, and all clients at once. */

type Body = NonNullable<RequestInit['body']>

const HEADER = 'id,url_id,user_id,event_type,timestamp,details'

function post({ stack }: Context, path: string, body: Body, method = 'POST', type = 'text/csv') {
  return fetch(`${stack.url}${path}`, {
    method,
    headers: { 'content-type': type },
    body,
    duplex: 'half',
    signal: AbortSignal.timeout(120_000)
  } as RequestInit)
}

export const inputFaults: Fault[] = [
  {
    name: 'csv-huge',
    what: '200,000 events are imported in one file.',
    testbed: 'plain',
    async run(context) {
      function* lines() {
        yield `${HEADER}\n`
        // Imports the last ids first. Links created meanwhile get events with ids past those imported so far,
        // and only clicks give up their ids for a row that comes later.
        for (let at = 199; at >= 0; at--) {
          const rows = Array.from({ length: 1_000 }, (_, row) => {
            return `${10_000_001 + at * 1_000 + row},1,1,imported,2025-06-04 00:07:00,"{""n"":${row}}"`
          })
          yield `${rows.join('\n')}\n`
        }
      }
      const answer = await post(context, '/events/bulk', Readable.toWeb(Readable.from(lines())) as Body)
      const report = (await answer.json()) as ImportReport
      context.check(`all rows are imported: ${report.imported}`, report.imported === 200_000)
    }
  },
  {
    name: 'csv-broken',
    what: 'Invalid files are imported: noise, quotes that never end, a line of 16 MB, the wrong header, half a row.',
    testbed: 'plain',
    async run(context) {
      const noise = Buffer.from(Array.from({ length: 100_000 }, (_, at) => (at * 7_919) % 256))
      const files: Record<string, Body> = {
        noise,
        'a quote that never ends': `${HEADER}\n1,1,1,a,2025-06-04 00:07:00,"${'b'.repeat(1_000_000)}`,
        'a long line': `${HEADER}\n${'c'.repeat(16_000_000)}`,
        'the wrong header': 'a,b,c\n1,2,3\n',
        'half a row': `${HEADER}\n20000001,1,1`
      }
      for (const [name, body] of Object.entries(files)) {
        const answer = await post(context, '/events/bulk', body)
        const text = await answer.text()
        const isRefused = answer.status >= 400 && answer.status < 500
        const isReported = answer.status === 201 && (JSON.parse(text) as ImportReport).imported === 0
        context.check(
          `${name}: nothing is imported, and it says so (${answer.status})`,
          isRefused || isReported
        )
      }
    }
  },
  {
    name: 'hot-key-expiry',
    what: 'The most popular link is changed while all replicas serve it: every cache drops it at once.',
    testbed: 'plain',
    async run(context) {
      const { stack, redis, check } = context
      const target = { original_url: 'https://acme.dev/hot' }
      const made = await post(context, '/urls', JSON.stringify(target), 'POST', 'application/json')
      const { id, short_code } = (await made.json()) as Url
      const follow = (base: string) => fetch(`${base}/${short_code}`, { redirect: 'manual' })
      for (const { unit } of stack.replicas) await follow(unit.url)
      const loads = async () => {
        const all = stack.replicas.map(({ unit }) =>
          readMetric(unit.url, 'fairlead_cache_events_total', 'cache="links",event="loads"')
        )
        return (await Promise.all(all)).reduce((sum, one) => sum + one, 0)
      }
      // Links that the steady load creates are looked up too, so it pauses during this count.
      await context.load.pause()
      const before = await loads()
      await post(context, `/urls/${id}`, '{"title":"hot"}', 'PUT', 'application/json')
      for (const key of (await redis('KEYS', `fairlead:*${short_code}*`)) as string[]) await redis('DEL', key)
      const asked = stack.replicas.flatMap(({ unit }) => Array.from({ length: 100 }, () => follow(unit.url)))
      const statuses = (await Promise.all(asked)).map(({ status }) => status)
      const after = (await loads()) - before
      context.load.resume()
      check(
        'all are led on',
        statuses.every((status) => status === 302)
      )
      check(
        `${statuses.length} requests are one query of each replica at most: ${after}`,
        after >= 1 && after <= stack.replicas.length
      )
    }
  }
]
