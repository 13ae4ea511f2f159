import { type Static, type TSchema, Type } from './type.ts'

/** Maximum rows of an answer, and of a list without `page` and `per_page`. */
export const MAX_PAGE_SIZE = 10_000

/** Rows of a page without `per_page`. */
export const DEFAULT_PAGE_SIZE = 50

export const PageQuery = Type.Object({
  page: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000_000 })),
  per_page: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PAGE_SIZE }))
})

/** A list of `shape` with the headers that show what it omits (plugins/platform/http/paging.ts). */
export const pageOf = <Shape extends TSchema>(shape: Shape) =>
  Type.Array(shape, {
    headers: {
      'X-Total-Count': { type: 'integer', description: 'Rows of all pages' },
      Link: LINK
    }
  })

/** The header of a list with links to its pages (RFC 8288). */
export const LINK = {
  type: 'string',
  description: 'The other pages: `first`, `prev`, `next` and `last` where they exist',
  examples: ['</urls?page=2&per_page=50>; rel="next"']
}

export type PageQuery = Static<typeof PageQuery>

/** A page of rows in key order. `total` counts the rows of all pages. */
export interface Page<Row> {
  rows: Row[]
  total: number
}

/** Returns the window of a query. Without either parameter: the first {@link MAX_PAGE_SIZE} rows. */
export function pageWindow(query: PageQuery): { page: number; perPage: number } {
  if (query.page === undefined && query.per_page === undefined) return { page: 1, perPage: MAX_PAGE_SIZE }
  return { page: query.page ?? 1, perPage: query.per_page ?? DEFAULT_PAGE_SIZE }
}
