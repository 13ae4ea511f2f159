import { and, count as countRows, gte, type SQL, sql } from 'drizzle-orm'
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core'
import { createBucketCounter } from '#platform/database/count-buckets.ts'
import type { Executor } from '#platform/database/index.ts'
import {
  type JsonChunk,
  type JsonPage,
  type Members,
  readChunk,
  type SortedPage,
  selectChunk,
  selectLargeChunk
} from '#platform/database/json-list.ts'
import { createPageIndex, type Place } from '#platform/database/page-index.ts'
import { prepareQuery } from '#platform/database/prepared.ts'
import { isSorted, type ListQuery, listParameters } from '#schema/shapes/list.ts'
import { pageWindow } from '#schema/shapes/page.ts'
import type { TSchema } from '#schema/shapes/type.ts'
import { type Comparison, createFilter, nameOf, type Wanted } from './filter.ts'
import { limitOf, sizeOf } from './page-size.ts'
import { createSortedList, type Run, type Sort } from './sorted.ts'

/**
 * Lists of an API: one definition of filters, sorts and members, from which pages by number, sorted pages
 * with cursors and counts derive.
 */

export interface ListDefinition {
  /** Names the list in statements and cursors. */
  name: string
  /** The shape of its query. Each parameter beside those of all lists has a comparison. */
  query: TSchema & { properties: object }
  table: PgTable
  /** Pages by number are in its order; ties of sorted pages too. */
  id: PgColumn
  /** Restricts the list. */
  base?: SQL
  /** The order of a list without pages by number, unless the query has another. */
  defaultSort?: string
  /** By the name in `sort`; the shape of the query has the same names. */
  sorts: Record<string, Sort>
  /** By the name of the parameter, and `owner`, which restricts a caller to its own rows. */
  comparisons: Record<string, Comparison>
  /** The members of a row in JSON. */
  members: Members
  /** Rows may be so large that few of them fit into memory. */
  isLarge?: true
}

export interface ListOptions {
  /** Restricts the list to the rows of this user. */
  owner?: number | undefined
  /** The values of other placeholders in the members. */
  extra?: Record<string, unknown>
}

/** The list on one database, with its counts. */
export interface List {
  /** Reads a page by number, or a sorted page. Throws INPUT_INVALID for unusable parameters. */
  read(run: Run, query: ListQuery, options: ListOptions): Promise<JsonPage | SortedPage>
  /** Counts all rows of `owner`. */
  count(run: Run, owner: number | undefined): Promise<number>
}

/** A plan for the values of each query: an index of trigrams, for example, helps with rare texts only. */
const isNamed = (shape: string) => shape === '' || shape === 'owner'

/**
 * Defines a list. The result opens it, with the `changes` of {@link PageIndexOptions}; statements are
 * prepared once per database.
 */
export function defineList(definition: ListDefinition): (changes?: () => number) => List {
  refuseUnfiltered(definition)
  const { name, table, id, base, sorts, comparisons, members, isLarge, defaultSort } = definition
  const filter = createFilter(base, comparisons)
  const readSorted = createSortedList({
    name,
    table,
    id: { column: id, type: 'bigint' },
    sorts,
    filter,
    members
  })
  const countBuckets = createBucketCounter(table, id, base)

  const selectPage = prepareQuery<JsonChunk[]>(
    `list_${name}`,
    (on, shape) => {
      const [size = '', filters = ''] = shape.split('/')
      const where = and(filter.where(filters), gte(id, sql.placeholder('fromId')))
      // The alias is the name of the table, so that the members read the limited rows.
      const page = sql`(select * from ${table} where ${where} order by ${id}
        limit ${limitOf(size)} offset ${sql.placeholder('skip')}) as ${table}`
      return (isLarge ? selectLargeChunk : selectChunk)(on, page, members)
    },
    (shape) => isNamed(shape.split('/')[1] ?? '')
  )
  const countMatching = prepareQuery<{ total: number }[]>(
    `count_${name}`,
    (on, shape) => on.select({ total: countRows() }).from(table).where(filter.where(shape)),
    isNamed
  )

  function counterOf({ values, shape }: Wanted): ((on: Executor) => Promise<number>) | undefined {
    if (shape === '') return undefined
    return async (on) => (await countMatching(on, values, shape))[0]?.total ?? 0
  }

  function readFrom(
    on: Executor,
    { values, shape }: Wanted,
    { fromId, skip }: Place,
    limit: number,
    extra = {}
  ) {
    const all = { ...values, ...extra, fromId, skip }
    return readChunk(limit, (most) => selectPage(on, { ...all, most }, `${sizeOf(most)}/${shape}`))
  }

  return function openList(changes) {
    const pages = createPageIndex({ countBuckets, changes })
    return {
      async read(run, query, { owner, extra = {} }) {
        const wanted = filter.read({ ...query, owner })
        if (defaultSort !== undefined || isSorted(query))
          return readSorted(run, { ...query, sort: query.sort ?? defaultSort ?? 'id' }, wanted, {
            extra,
            countAll: pages.total
          })
        return pages.read(
          run,
          pageWindow(query),
          (on, place, limit) => readFrom(on, wanted, place, limit, extra),
          counterOf(wanted)
        )
      },
      count: (run, owner) => run(counterOf(filter.read({ owner })) ?? pages.total)
    }
  }
}

const COMMON = Object.keys(listParameters([]))

/** A parameter without a comparison would be ignored, and so give wrong rows. */
function refuseUnfiltered({ name, query, comparisons }: ListDefinition): void {
  const compared = [...COMMON, ...Object.keys(comparisons).map(nameOf)]
  const missing = Object.keys(query.properties).filter((parameter) => !compared.includes(parameter))
  if (missing.length > 0) throw new Error(`the list ${name} compares nothing with ${missing}`)
}
