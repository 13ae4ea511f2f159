import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/**
 * The set for loadtest/import.ts: 400 users, 2,000 urls, and events like those of real sets over one year.
 */

const USERS = 400
const URLS = 2_000
const START = Date.UTC(2025, 0, 1)
const YEAR_SECONDS = 365 * 86_400

/**
 * Writes users.csv, urls.csv and an events.csv of `rows` rows to `folder`. Of a hundred events, `clicks` are
 * clicks (the real set has none). The others are created, updated and deleted events in the real set's
 * proportions.
 */
export async function writeSet(folder: string, rows: number, clicks: number): Promise<void> {
  await writeFile(join(folder, 'users.csv'), 'id,username,email,created_at', USERS, (id) => {
    return `${id},user${id},user${id}@example.com,${timeOf(id)}`
  })
  const urlHeader = 'id,user_id,short_code,original_url,title,is_active,created_at,updated_at'
  await writeFile(join(folder, 'urls.csv'), urlHeader, URLS, (id) => {
    return `${id},${1 + (id % USERS)},code${id},https://example.com/${id},Title ${id},True,${timeOf(id)},${timeOf(id)}`
  })
  await writeFile(
    join(folder, 'events.csv'),
    'id,url_id,user_id,event_type,timestamp,details',
    rows,
    (id) => {
      const url = 1 + (id % URLS)
      const [type, details] = eventOf(id, url, clicks)
      return `${id},${url},${1 + (id % USERS)},${type},${type === 'click' ? timeInOrder(id, rows) : timeOf(id)},"${details.replaceAll('"', '""')}"`
    }
  )
}

function eventOf(id: number, url: number, clicks: number): [string, string] {
  if (id % 100 < clicks) return ['click', `{"short_code":"code${url}"}`]
  const kind = (id * 7) % 17
  if (kind < 10) return ['created', `{"short_code":"code${url}","original_url":"https://example.com/${url}"}`]
  return kind < 16
    ? ['updated', '{"field":"title","new_value":"rerouted"}']
    : ['deleted', '{"reason":"expired"}']
}

/** Clicks get their ids as they occur, so an export has them in order of time. */
function timeInOrder(id: number, rows: number): string {
  return formatTime(Math.floor((id / (rows + 1)) * YEAR_SECONDS))
}

/** Returns the time of an event. The order of times is arbitrary, as in an export of many links. */
function timeOf(id: number): string {
  return formatTime((id * 293_003) % YEAR_SECONDS)
}

function formatTime(second: number): string {
  return new Date(START + second * 1000).toISOString().slice(0, 19).replace('T', ' ')
}

async function writeFile(
  path: string,
  header: string,
  rows: number,
  line: (id: number) => string
): Promise<void> {
  function* texts() {
    yield `${header}\n`
    for (let from = 1; from <= rows; from += 5_000) {
      const count = Math.min(5_000, rows - from + 1)
      yield Array.from({ length: count }, (_, index) => `${line(from + index)}\n`).join('')
    }
  }
  await pipeline(Readable.from(texts()), createWriteStream(path))
}
