import { type LongPage, type RowChunk, readOn } from './row-chunks.ts'

/**
 * Page numbers over keys. `OFFSET 1000000` reads a million rows to throw them away, and so does `count(*)`. So the
 * rows are counted once by buckets of ids; a page far out is then found by adding up the buckets before it, and
 * read by key. Old buckets hardly change: they are counted again now and then, only the newest each time.
 */

/** Ids of one bucket: `bucket` × size up to the next. */
export interface BucketCount {
  bucket: number
  rows: number
}

export interface PageIndexOptions<On> {
  /** Counts the rows with ids from `fromId` on, by bucket, ascending; buckets without rows may be left out. */
  countBuckets(on: On, fromId: number, bucketSize: number): Promise<BucketCount[]>
  bucketSize?: number
  /** How old the counts of old buckets may be, in milliseconds. */
  recountMs?: number
  now?: () => number
}

/** A place in a list: ids from `fromId` on, less the first `skip` of them. */
export interface Place {
  fromId: number
  skip: number
}

export interface PageIndex<On> {
  /** Rows in all. Exact for the newest ids; deletions among old ones may lag by `recountMs`. */
  total(on: On): Promise<number>
  /** Where row number `offset` (from 0) is: read ids from `fromId` on and skip `skip` rows of them. */
  locate(on: On, offset: number): Promise<Place>
  /**
   * Reads a page by `list`, which gives a chunk of up to `limit` rows from a place on, in reads that `run` runs, and may run twice. A
   * filtered list says with `countMatching` how many rows match: the index knows of all rows only, so there the place is skipped to.
   */
  read<Row extends { id: number }>(
    run: <T>(work: (on: On) => Promise<T>) => Promise<T>,
    window: { page: number; perPage: number },
    list: (on: On, place: Place, limit: number) => Promise<RowChunk<Row>>,
    countMatching?: ((on: On) => Promise<number>) | undefined
  ): Promise<LongPage<Row>>
}

/** See the head of this file. `On` is what `countBuckets` runs on; each of an app's replicas keeps its own index. */
export function createPageIndex<On>({
  countBuckets,
  bucketSize = 10_000,
  recountMs = 300_000,
  now = () => performance.now()
}: PageIndexOptions<On>): PageIndex<On> {
  let old: BucketCount[] = []
  let countedAt = Number.NEGATIVE_INFINITY
  let recount: Promise<void> | null = null

  /** Ids from here on are counted each time. Two buckets: a transaction may commit an id some time after its neighbours. */
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

  /** The counts of all buckets; those past their time are used once more while they are counted anew. */
  async function current(on: On): Promise<BucketCount[]> {
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
      // Near the start skipping is as cheap as looking up, and always exact.
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
