import type { JsonPage, SortedPage } from '#platform/database/json-list.ts'
import type { Url } from '#schema/shapes/url.ts'
import type { UrlQuery } from '#schema/shapes/url-query.ts'
import { targetsOf } from './fields.ts'

/**
 * Blocked links in lists. The block list is in memory, in part from a file, and matches hosts in any
 * spelling. So the database narrows a list to candidates, and this process decides about the rows that were
 * read.
 */

/** Parts of `app.blocklist`. */
export interface BlockedHosts {
  blocks(url: string): boolean
  /** The listed hosts and domains, without leading dots. */
  hosts(): readonly string[]
}

/** A query with the text that narrows a list to blocked links; null if no host is blocked. */
export type NarrowedQuery = UrlQuery & { blocked_text?: string | null }

type Page = JsonPage | SortedPage

/** A regular expression of more hosts takes long to compile. */
const MAX_HOSTS = 500

/** Sorted pages to read for one answer while none of their rows is left. */
const MAX_READS = 10

/** Reads a page by `read`, and corrects the states of blocked links in it. */
export async function readWithBlocks(
  { blocks, hosts }: BlockedHosts,
  query: UrlQuery,
  read: (query: NarrowedQuery) => Promise<Page>
): Promise<Page> {
  const listed = hosts()
  const narrowed: NarrowedQuery =
    query.state === 'blocked' ? { ...query, blocked_text: patternOf(listed) } : query
  if (listed.length === 0 || query.state === 'deleted') return read(narrowed)
  const correct = (text: string) => correctRows(text, query.state, blocks)
  const page = await read(narrowed)
  if (!('next' in page))
    return { ...page, text: correct(page.text), rest: page.rest && mapTexts(page.rest, correct) }
  let last = { ...page, text: correct(page.text) }
  for (let reads = 1; last.text === '' && last.next !== null && reads < MAX_READS; reads++) {
    const more = (await read({ ...narrowed, after: last.next })) as SortedPage
    last = { ...more, text: correct(more.text), total: page.total }
  }
  return last
}

/** Returns the rows without those of another state than `wanted`. */
function correctRows(
  text: string,
  wanted: Url['state'] | undefined,
  blocks: (url: string) => boolean
): string {
  const rows: Url[] = JSON.parse(`[${text}]`)
  const areBlocked = rows.map((row) => targetsOf(row).some(({ url }) => blocks(url)))
  if (wanted !== 'blocked' && !areBlocked.includes(true)) return text
  return rows
    .flatMap((row, at) => {
      const state = areBlocked[at] ? 'blocked' : row.state
      return wanted === undefined || state === wanted ? [JSON.stringify({ ...row, state })] : []
    })
    .join(',')
}

async function* mapTexts(texts: AsyncIterable<string>, change: (text: string) => string) {
  for await (const text of texts) {
    const changed = change(text)
    if (changed !== '') yield changed
  }
}

function patternOf(hosts: readonly string[]): string | null {
  if (hosts.length === 0) return null
  if (hosts.length > MAX_HOSTS) return '.'
  return hosts.map((host) => host.replace(/[^a-z0-9-]/g, '\\$&')).join('|')
}
