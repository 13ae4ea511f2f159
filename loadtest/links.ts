import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ImportReport } from '#schema/shapes/import-report.ts'
import type { Testbed } from './testbed.ts'

const ALPHABET = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'

/** Creates a source of numbers in [0, 1) that is the same in each run (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Creates `count` different codes of eight characters, the same for the same `seed`. */
export function makeCodes(count: number, seed: number): string[] {
  const random = createRandom(seed)
  const codes = new Set<string>()
  while (codes.size < count) {
    let code = 'b'
    while (code.length < 8) code += ALPHABET[Math.floor(random() * ALPHABET.length)]
    codes.add(code)
  }
  return [...codes]
}

/**
 * Creates a link for each of `codes`, with ids from `firstId`, through `POST /urls/bulk`. `rules` has more
 * columns with their text, for every link. Throws unless all exist afterwards.
 */
export async function loadLinks(
  baseUrl: string,
  codes: string[],
  { firstId = 1, rules = {} }: { firstId?: number; rules?: Record<string, string> } = {}
): Promise<void> {
  const time = '2026-01-01 00:00:00'
  const quoted = Object.values(rules).map((text) => `,"${text.replaceAll('"', '""')}"`)
  const rows = codes.map((code, index) => {
    const id = firstId + index
    return `${id},,${code},https://acme.dev/bench/${id},Bench ${id},True,${time},${time}${quoted.join('')}`
  })
  const names = ['id,user_id,short_code,original_url,title,is_active,created_at,updated_at']
  const header = [...names, ...Object.keys(rules)].join()
  await loadFile(baseUrl, 'urls', [header, ...rows, ''].join('\n'))
}

/** Creates the user with the id 1. */
export async function loadUser(baseUrl: string): Promise<void> {
  await loadFile(baseUrl, 'users', 'id,username,email\n1,bench,bench@acme.dev\n')
}

/**
 * Adds three clicks of today to each link. Adds to the rollups one click of each link on each of the last 30
 * days.
 */
export async function growClicks(testbed: Pick<Testbed, 'query'>): Promise<void> {
  await testbed.query('SELECT ensure_events_partition(now())')
  await testbed.query(
    `INSERT INTO events (url_id, event_type, "timestamp", details, click_id)
     SELECT id, 'click', date_trunc('second', now()), jsonb_build_object('short_code', short_code), gen_random_uuid()
     FROM urls, generate_series(1, 3)`
  )
  for (const [table, column, start] of [
    ['url_stats_daily', 'day', `(now() AT TIME ZONE 'UTC')::date - n`],
    ['url_stats_hourly', 'hour', `date_trunc('hour', now()) - n * interval '1 day'`]
  ])
    await testbed.query(
      `INSERT INTO ${table} (url_id, ${column}, clicks)
       SELECT counted.id, ${start}, sum(1 + urls.id % 7)
       FROM urls, generate_series(0, 29) n, LATERAL (VALUES (urls.id), (0)) AS counted(id) GROUP BY 1, 2`
    )
}

/** Posts a CSV file to the bulk route of `kind`. Throws if a row is rejected. */
export async function loadFile(
  baseUrl: string,
  kind: 'users' | 'urls' | 'events',
  csv: string | Blob
): Promise<ImportReport> {
  const answer = await fetch(new URL(`/${kind}/bulk`, baseUrl), {
    method: 'POST',
    headers: { 'content-type': 'text/csv' },
    body: csv
  })
  const text = await answer.text()
  if (answer.status !== 201) throw new Error(`POST /${kind}/bulk answered ${answer.status}: ${text}`)
  const report = JSON.parse(text) as ImportReport
  if (report.rejected > 0)
    throw new Error(`POST /${kind}/bulk rejected rows: ${JSON.stringify(report.errors[0])}`)
  return report
}

const SEEDS = join(import.meta.dirname, '..', 'apps', 'testing', 'fixtures', 'seed-csv')

/** Posts the seed set to the bulk routes. */
export async function loadSeeds(baseUrl: string): Promise<void> {
  for (const kind of ['users', 'urls', 'events'] as const) {
    await loadFile(baseUrl, kind, await readFile(join(SEEDS, `${kind}.csv`), 'utf8'))
  }
}

/** Reads a counter of `GET /metrics`, summed over the labels that `labels` leaves open. */
export async function readMetric(baseUrl: string, name: string, labels = ''): Promise<number> {
  const text = await (await fetch(new URL('/metrics', baseUrl))).text()
  let sum = 0
  for (const line of text.split('\n')) {
    const [, found, on = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
    if (found === name && on.includes(labels)) sum += Number(value)
  }
  return sum
}

/** Returns the exact number of stored clicks. */
export async function readClicks({ query }: Pick<Testbed, 'query'>): Promise<number> {
  const rows = await query<{ count: string }>("SELECT count(*) FROM events WHERE event_type = 'click'")
  return Number(rows[0]?.count)
}
