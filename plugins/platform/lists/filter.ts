import { and, eq, type Placeholder, type SQL, sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import { parseWireTime } from '#platform/http/wire-time.ts'
import { problems } from '#platform/problem/errors.ts'
import { type Flag, isTrue } from '#schema/shapes/text.ts'
import type { Static } from '#schema/shapes/type.ts'
import { formatInstant } from '#schema/tables/instant.ts'

/**
 * The filters of a list, by the names of their parameters. A query sets some of them: their names are the
 * shape of its statement, and their values go to the placeholders of those names.
 */

/** What a filter compares with the value of its parameter. */
export interface Comparison {
  compare(value: Placeholder): SQL | undefined
  /** Converts the parameter to the value of the placeholder. */
  read?(value: string): unknown
  /** The rows may be other ones than those of the list without this filter. */
  replacesBase?: true
  /** The parameter of the other end of a period, and which end this is. */
  end?: { isLast: boolean; other: string }
}

/** The values of a query, and the shape that names them. */
export interface Wanted {
  values: Record<string, unknown>
  shape: string
}

export interface Filter {
  /** Reads the parameters of a query. Throws INPUT_INVALID for a reversed period. */
  read(query: Record<string, unknown>): Wanted
  /** The condition of a shape. */
  where(shape: string): SQL | undefined
}

/** Creates the filter of a list of the rows that match `base`. */
export function createFilter(base: SQL | undefined, comparisons: Record<string, Comparison>): Filter {
  const all = Object.entries(comparisons).map(([name, { read, end }]) => ({
    name,
    parameter: nameOf(name),
    read,
    end
  }))
  return {
    read(query) {
      const values: Record<string, unknown> = {}
      for (const { name, parameter, read } of all) {
        const value = query[parameter]
        if (value === undefined) continue
        const converted = read === undefined ? value : read(String(value))
        if (converted !== undefined) values[name] = converted
      }
      for (const { name, end } of all) refuseReversed(name, end, values)
      return { values, shape: Object.keys(values).join() }
    },
    where(shape) {
      const names = shape.split(',').filter(Boolean)
      const isReplaced = names.some((name) => comparisons[name]?.replacesBase)
      const compared = names.map((name) => comparisons[name]?.compare(sql.placeholder(name)))
      return and(isReplaced ? undefined : base, ...compared)
    }
  }
}

/** The parameter of a comparison. Several may read one: their names go on after a dot. */
export const nameOf = (name: string) => name.split('.', 1)[0] ?? name

function refuseReversed(name: string, end: Comparison['end'], values: Record<string, unknown>): void {
  if (end === undefined || end.isLast) return
  const [first, last] = [values[name], values[end.other]] as (string | undefined)[]
  if (first === undefined || last === undefined || first <= last) return
  throw problems.INPUT_INVALID(`${name} is later than ${end.other}; swap them`, {
    errors: [{ path: name, message: `is later than ${end.other}` }]
  })
}

export const equals = (column: PgColumn): Comparison => ({ compare: (value) => eq(column, value) })

/** A `Flag` that chooses between two conditions, each of which an index may serve. */
export function choice(name: string, whenTrue: SQL, whenFalse: SQL): Record<string, Comparison> {
  const read = (wanted: boolean) => (value: string) =>
    isTrue(value as Static<typeof Flag>) === wanted ? true : undefined
  return {
    [`${name}.true`]: { compare: () => whenTrue, read: read(true) },
    [`${name}.false`]: { compare: () => whenFalse, read: read(false) }
  }
}

/** The filters of a period, both ends included: the parameters `first` and `last`. */
export function period(column: PgColumn, first: string, last: string): Record<string, Comparison> {
  const read = (dayEnd: boolean) => (value: string) => {
    const time = parseWireTime(value, dayEnd)
    return time === null ? undefined : formatInstant(time)
  }
  return {
    [first]: {
      compare: (value) => sql`${column} >= ${value}::timestamptz`,
      read: read(false),
      end: { isLast: false, other: last }
    },
    [last]: {
      compare: (value) => sql`${column} <= ${value}::timestamptz`,
      read: read(true),
      end: { isLast: true, other: first }
    }
  }
}
