import { type SQL, sql } from 'drizzle-orm'
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core'
import type { Executor } from '#platform/database/index.ts'
import { CHUNK_BYTES, jsonObject, type Members, type SortedPage } from '#platform/database/json-list.ts'
import { prepareQuery } from '#platform/database/prepared.ts'
import { problems } from '#platform/problem/errors.ts'
import { type ListQuery, MAX_CURSOR_ROWS } from '#schema/shapes/list.ts'
import { DEFAULT_PAGE_SIZE } from '#schema/shapes/page.ts'
import { formatCursor, type Position, parseCursor, type ValueType } from './cursor.ts'
import type { Filter, Wanted } from './filter.ts'
import { limitOf, sizeOf } from './page-size.ts'

/**
 * Sorted lists with cursors. The next rows are found by the values of the last one, so each page takes the
 * same time if an index has the order (sort column, id). Rows without a value come last, whatever the
 * direction; a query of their own reads them, because one index scan cannot.
 */

/** A sort: its column or expression, and the type of a cursor's value. */
export interface Sort {
  by: PgColumn | SQL
  type: ValueType
  isNullable?: true
}

export interface SortedListOptions {
  /** Names the list in statements and cursors. */
  name: string
  table: PgTable
  /** Breaks ties. */
  id: { column: PgColumn; type: ValueType }
  /** By the name in `sort`. */
  sorts: Record<string, Sort>
  filter: Filter
  members: Members
}

/** Counting stops at this many rows. */
const MAX_COUNT = 10_000

/** Runs the reads of a list, maybe twice. */
export type Run = <T>(work: (on: Executor) => Promise<T>) => Promise<T>

/** Which rows a query reads: all with a value, those after a position, and the same without a value. */
type Part = 'all' | 'after' | 'empty' | 'empty-after'

interface Chunk {
  text: string
  rows: number
  hasMore: boolean
  last: [value: string | null, id: string] | null
}

/**
 * Creates the function that reads a page of a sorted list. `extra` has the values of other placeholders in
 * the members. Throws INPUT_INVALID for an unusable cursor, and for one together with a page number.
 */
export function createSortedList(options: SortedListOptions) {
  const { name, id, sorts, filter } = options

  const readPart = prepareQuery<Chunk[]>(
    `sorted_${name}`,
    (on, shape) => {
      const [order = '', part = '', size = '', filters = ''] = shape.split('/')
      return selectPart(on, options, { order, part: part as Part, limit: limitOf(size), filters })
    },
    // A plan for the values of each query: the best one differs between rare and frequent values.
    (shape) => shape.endsWith('/')
  )
  const countSome = prepareQuery<{ rows: number }[]>(
    `count_sorted_${name}`,
    (on, shape) => {
      const rows = sql`(select from ${options.table} where ${filter.where(shape) ?? sql`true`} limit ${MAX_COUNT + 1}) as counted`
      return on.select({ rows: sql<number>`count(*)`.mapWith(Number) }).from(rows)
    },
    (shape) => shape === ''
  )

  /** Where the list goes on; null for its start. */
  function readCursor(order: string, sort: Sort, after: string | undefined): Position | null {
    if (after === undefined) return null
    const position = parseCursor(after, `${name} ${order}`, { value: sort.type, id: id.type })
    if (position !== null) return position
    const message = `is no cursor of this list with sort=${order}; take it from the Link header`
    throw problems.INPUT_INVALID(`after ${message}`, { errors: [{ path: 'after', message }] })
  }

  return async function readSorted(
    run: Run,
    query: ListQuery & { sort: string },
    { values, shape }: Wanted,
    {
      extra = {},
      countAll
    }: { extra?: Record<string, unknown>; countAll?: (on: Executor) => Promise<number> }
  ): Promise<SortedPage> {
    if (query.page !== undefined) {
      const message = 'has no meaning in a sorted list, which goes on by after'
      throw problems.INPUT_INVALID(`page ${message}`, { errors: [{ path: 'page', message }] })
    }
    const order = query.sort
    const sort = sorts[order.replace(/^-/, '')]
    if (sort === undefined) throw new Error(`the list ${name} has no sort ${order}`)
    const position = readCursor(order, sort, query.after)
    const perPage = Math.min(query.per_page ?? DEFAULT_PAGE_SIZE, MAX_CURSOR_ROWS)

    async function count(on: Executor): Promise<SortedPage['total']> {
      if (query.count !== 'true') return null
      if (shape === '' && countAll !== undefined) return { rows: await countAll(on), isExact: true }
      const [{ rows = 0 } = {}] = await countSome(on, values, shape)
      return { rows: Math.min(rows, MAX_COUNT), isExact: rows <= MAX_COUNT }
    }

    return run(async (on) => {
      const read = async (part: Part, most: number) => {
        const at = { value: position?.value, id: position?.id }
        const [chunk] = await readPart(
          on,
          { ...values, ...extra, ...at, most },
          `${order}/${part}/${sizeOf(most)}/${shape}`
        )
        return chunk ?? { text: '', rows: 0, hasMore: false, last: null }
      }
      const total = await count(on)
      const isEmpty = position !== null && position.value === null
      const first = await read(isEmpty ? 'empty-after' : position ? 'after' : 'all', perPage)
      const next = (chunk: Chunk) =>
        chunk.last && formatCursor(`${name} ${order}`, { value: chunk.last[0], id: chunk.last[1] })
      if (first.hasMore || isEmpty || sort.isNullable !== true)
        return { text: first.text, next: first.hasMore ? next(first) : null, total }
      const rest = await read('empty', perPage - first.rows)
      const text = [first.text, rest.text].filter(Boolean).join(',')
      return { text, next: rest.hasMore ? next(rest.last ? rest : first) : null, total }
    })
  }
}

const CASTS: Record<ValueType, (value: SQL) => SQL> = {
  bigint: (value) => sql`${value}::bigint`,
  text: (value) => sql`${value}::text`,
  time: (value) => sql`to_timestamp(${value}::double precision)`
}

/** Selects the rows of a part, and whether there are more. */
function selectPart(
  on: Executor,
  { table, id, sorts, filter, members }: SortedListOptions,
  { order, part, limit, filters }: { order: string; part: Part; limit: SQL; filters: string }
) {
  const sort = sorts[order.replace(/^-/, '')] as Sort
  const isById = sort.by === id.column
  const [direction, beyond] = order.startsWith('-') ? [sql`desc`, sql`<`] : [sql`asc`, sql`>`]
  const isEmpty = part === 'empty' || part === 'empty-after'
  const byId = isEmpty || isById
  const lastId = CASTS[id.type](sql`${sql.placeholder('id')}`)
  const lastValue = CASTS[sort.type](sql`${sql.placeholder('value')}`)
  const condition =
    part === 'all' || part === 'empty'
      ? undefined
      : byId
        ? sql`${id.column} ${beyond} ${lastId}`
        : sql`(${sort.by}, ${id.column}) ${beyond} (${lastValue}, ${lastId})`
  const presence = sort.isNullable
    ? isEmpty
      ? sql`${sort.by} is null`
      : sql`${sort.by} is not null`
    : undefined
  const conditions = [filter.where(filters), presence, condition].filter((one) => one !== undefined)
  const where = conditions.length === 0 ? sql`` : sql`where ${sql.join(conditions, sql` and `)}`
  const by = byId ? sql`${id.column} ${direction}` : sql`${sort.by} ${direction}, ${id.column} ${direction}`
  const value = isById ? sql`null` : sort.type === 'time' ? sql`extract(epoch from ${sort.by})` : sort.by
  // The alias is the name of the table, so that the same expressions read the limited rows.
  const page = sql`(select * from ${table} ${where} order by ${by} limit ${limit} + 1) as ${table}`
  const texts = sql`(select ${jsonObject(members)} as json, row_number() over (order by ${by}) as n,
    json_build_array(${value}::text, ${id.column}::text) as position from ${page}) as texts`
  const measured = sql`(select *, sum(octet_length(json)) over (order by n) - octet_length(json) as bytes
    from ${texts}) as measured`
  const kept = sql`(select *, n <= ${limit} and bytes < ${sql.raw(String(CHUNK_BYTES))} as kept from ${measured}) as page`
  return on
    .select({
      text: sql<string>`coalesce(string_agg(json, ',' order by n) filter (where kept), '')`,
      rows: sql<number>`count(*) filter (where kept)`.mapWith(Number),
      hasMore: sql<boolean>`coalesce(bool_or(not kept), false)`,
      last: sql<Chunk['last']>`(array_agg(position order by n desc) filter (where kept))[1]`
    })
    .from(kept)
}
