import { shareRuns } from '#platform/async/share-runs.ts'
import { type LongPage, type RowChunk, readOn } from './row-chunks.ts'

/**
 * Page numbers with keyset reads. `OFFSET 1000000` reads a million rows only to discard them, and so does
 * `count(*)`. The index therefore counts rows once, by buckets of ids. It finds a distant page by adding up
 * the buckets before it, and reads it by key. Old buckets hardly change: they are recounted periodically, and
 * only the newest each time.
 */

/** The number of rows in one bucket of ids, which begins at `bucket` × size. */
export interface BucketCount {
  bucket: number
  rows: number
}

export interface PageIndexOptions<On> {
  /** Counts the rows with ids from `fromId` up, by bucket, ascending. Buckets without rows may be omitted. */
  countBuckets(on: On, fromId: number, bucketSize: number): Promise<BucketCount[]>
  bucketSize?: number
  /** Maximum age of the counts of old buckets, in milliseconds. */
  recountMs?: number
  now?: () => number
}

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
  read<Row extends { id: number }>(
    run: <T>(work: (on: On) => Promise<T>) => Promise<T>,
    window: { page: number; perPage: number },
    list: (on: On, place: Place, limit: number) => Promise<RowChunk<Row>>,
    countMatching?: ((on: On) => Promise<number>) | undefined
  ): Promise<LongPage<Row>>
}

/**
 * Makes a page index, see the head of this file. `On` is what `countBuckets` runs on. Replicas share no
 * index.
 */
export function createPageIndex<On>({
  countBuckets,
  bucketSize = 10_000,
  recountMs = 300_000,
  now = () => performance.now()
}: PageIndexOptions<On>): PageIndex<On> {
  let old: BucketCount[] = []
  let countedAt = Number.NEGATIVE_INFINITY
  let recount: Promise<void> | null = null
  const share = shareRuns<On, BucketCount[]>()

  /**
   * Ids from here up are counted each time. The tail spans two buckets, because ids may commit out of order.
   */
  const tailStart = () => ((old.at(-1)?.bucket ?? -1) + 1) * bucketSize

  function settle(counts: BucketCount[]): void {
    const newest = counts.at(-1)?.bucket ?? 0
    old = [...old, ...counts.filter(({ bucket }) => bucket < newest - 1)]
  }

  async function countAll(on: On): Promise<void> {
    const startedAt = now()
    const counts = await countBuckets(on, 0, bucketSize)
    old = []
    settle(counts)
    countedAt = startedAt
  }

  /**
   * The counts of all buckets. Expired counts are used once more while a recount runs. Concurrent requests
   * share a count, which takes as long as reading a page.
   */
  const current = (on: On): Promise<BucketCount[]> => share(on, () => countNow(on))

  async function countNow(on: On): Promise<BucketCount[]> {
    if (now() - countedAt > recountMs) {
      recount ??= countAll(on).finally(() => {
        recount = null
      })
      if (countedAt === Number.NEGATIVE_INFINITY) await recount
      else recount.catch(() => undefined)
    }
    const before = old
    const tail = await countBuckets(on, tailStart(), bucketSize)
    const counts = [...before, ...tail]
    if (before === old) settle(tail)
    return counts
  }

  const index: PageIndex<On> = {
    async total(on) {
      return sum(await current(on))
    },
    async locate(on, offset) {
      // Near the start, skipping is as cheap as the index, and always exact.
      if (offset <= bucketSize) return { fromId: 0, skip: offset }
      let skip = offset
      for (const { bucket, rows } of await current(on)) {
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
      return { rows: chunk.rows, total, rest: readOn(chunk, perPage, readFrom) }
    }
  }
  return index
}

function sum(counts: BucketCount[]): number {
  return counts.reduce((rows, count) => rows + count.rows, 0)
}
