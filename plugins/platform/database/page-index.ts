import { shareRuns } from '#platform/async/share-runs.ts'
import { type JsonPage, type ListChunk, readOn } from './json-list.ts'

/**
 * Page numbers with keyset reads. `OFFSET 1000000` reads a million rows only to discard them, and so does
 * `count(*)`. The index therefore counts rows once, by buckets of ids. It finds a distant page by adding up
 * the buckets before it, and reads it by key. Old buckets hardly change: they are recounted periodically, and
 * only the newest each time. Requests that come together share a count.
 */

/** The number of rows in one bucket of ids, which begins at `bucket` × size. */
export interface BucketCount {
  bucket: number
  rows: number
}

export interface PageIndexOptions<On> {
  /** Counts the rows with ids from `fromId` up, by bucket, ascending. Buckets without rows may be omitted. */
  countBuckets(on: On, fromId: number, bucketSize: number): Promise<BucketCount[]>
  /** Ids in a bucket, and so the most rows that a page skips. */
  bucketSize?: number
  /** The newest buckets, which are counted each time. */
  tailBuckets?: number
  /** Maximum age of the counts of old buckets, in milliseconds. */
  recountMs?: number
  /**
   * Returns a number that differs after each change of the rows. While it is the same, counts are used again
   * for up to a second, in case a change was not heard of. Without it, each call counts.
   */
  changes?: (() => number) | undefined
  now?: () => number
}

const REUSE_MS = 1_000

/** A position in a list: the rows with ids from `fromId` up, without the first `skip` of them. */
export interface Place {
  fromId: number
  skip: number
}

export interface PageIndex<On> {
  /** Number of all rows. Exact for the newest ids; deletions among old ones may lag by `recountMs`. */
  total(on: On): Promise<number>
  /** Returns the place of row number `offset` (from 0): read ids from `fromId` up and skip `skip` rows. */
  locate(on: On, offset: number): Promise<Place>
  /**
   * Reads a page through `list`, which returns a chunk of up to `limit` rows from a place on. `run` runs each
   * read and may run it twice. A filtered list passes `countMatching`, its number of rows. The index counts
   * all rows only, so a filtered list skips rows to reach its page.
   */
  read(
    run: <T>(work: (on: On) => Promise<T>) => Promise<T>,
    window: { page: number; perPage: number },
    list: (on: On, place: Place, limit: number) => Promise<ListChunk>,
    countMatching?: ((on: On) => Promise<number>) | undefined
  ): Promise<JsonPage>
}

/**
 * Makes a page index, see the head of this file. `On` is what `countBuckets` runs on. Replicas share no
 * index.
 */
export function createPageIndex<On>({
  countBuckets,
  bucketSize = 1_000,
  tailBuckets = 20,
  recountMs = 300_000,
  changes,
  now = () => performance.now()
}: PageIndexOptions<On>): PageIndex<On> {
  let old = NO_BUCKETS
  let countedAt = Number.NEGATIVE_INFINITY
  let recount: Promise<void> | null = null
  const share = shareRuns<On, Counts>()
  let last: { on: On; counts: Counts; changes: number; at: number } | null = null

  /** Moves the buckets before the tail to the old ones. Ids may commit out of order, so the tail is long. */
  function settle(counts: readonly BucketCount[]): void {
    const newest = counts.at(-1)?.bucket ?? 0
    const settled = counts.filter(({ bucket }) => bucket <= newest - tailBuckets)
    if (settled.length > 0) old = bucketsOf([...old.counts, ...settled])
  }

  async function countAll(on: On): Promise<void> {
    const startedAt = now()
    const counts = await countBuckets(on, 0, bucketSize)
    old = NO_BUCKETS
    settle(counts)
    countedAt = startedAt
  }

  /** Counts the tail. Expired counts of old buckets are used once more while a recount runs. */
  async function count(on: On): Promise<Counts> {
    if (now() - countedAt > recountMs) {
      recount ??= countAll(on).finally(() => {
        recount = null
      })
      if (countedAt === Number.NEGATIVE_INFINITY) await recount
      else recount.catch(() => undefined)
    }
    const before = old
    const tail = await countBuckets(on, ((before.counts.at(-1)?.bucket ?? -1) + 1) * bucketSize, bucketSize)
    if (before === old) settle(tail)
    return { old: before, tail: bucketsOf(tail) }
  }

  async function countAndKeep(on: On): Promise<Counts> {
    const before = { on, changes: changes?.() ?? 0, at: now() }
    const counts = await count(on)
    last = { ...before, counts }
    return counts
  }

  async function current(on: On): Promise<Counts> {
    if (last && last.on === on && last.changes === changes?.() && now() - last.at < REUSE_MS)
      return last.counts
    return share(on, () => countAndKeep(on))
  }

  const index: PageIndex<On> = {
    async total(on) {
      const { old, tail } = await current(on)
      return old.rows + tail.rows
    },
    async locate(on, offset) {
      // Near the start, skipping is as cheap as the index, and always exact.
      if (offset <= bucketSize) return { fromId: 0, skip: offset }
      const { old, tail } = await current(on)
      const isOld = offset < old.rows
      let skip = isOld ? offset : offset - old.rows
      for (const { bucket, rows } of (isOld ? old : tail).counts) {
        if (skip < rows) return { fromId: bucket * bucketSize, skip }
        skip -= rows
      }
      return { fromId: Number.MAX_SAFE_INTEGER, skip: 0 }
    },
    async read(run, { page, perPage }, list, countMatching) {
      const offset = (page - 1) * perPage
      const { chunk, total } = await run(async (on) => {
        const total = countMatching ? await countMatching(on) : await index.total(on)
        const place = countMatching ? { fromId: 0, skip: offset } : await index.locate(on, offset)
        return { chunk: await list(on, place, perPage), total }
      })
      const readFrom = (fromId: number, limit: number) => run((on) => list(on, { fromId, skip: 0 }, limit))
      return { text: chunk.text, total, rest: readOn(chunk, perPage, readFrom) }
    }
  }
  return index
}

/** Counts of buckets, with their sum. */
interface Buckets {
  counts: readonly BucketCount[]
  rows: number
}

interface Counts {
  old: Buckets
  tail: Buckets
}

const NO_BUCKETS: Buckets = { counts: [], rows: 0 }

function bucketsOf(counts: readonly BucketCount[]): Buckets {
  return { counts, rows: counts.reduce((sum, { rows }) => sum + rows, 0) }
}
