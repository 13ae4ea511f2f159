import { type Static, Type } from './type.ts'

/** Most rows of an answer; also what a list without `page` and `per_page` gives at most. */
export const MAX_PAGE_SIZE = 10_000

export const PageQuery = Type.Object({
  page: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000_000 })),
  per_page: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PAGE_SIZE }))
})

export type PageQuery = Static<typeof PageQuery>

/** A page of rows in key order. `total` is null only where counting was not asked for. */
export interface Page<Row> {
  rows: Row[]
  total: number
}

/** The window that a query asks for: without either parameter the first {@link MAX_PAGE_SIZE} rows. */
export function pageWindow(query: PageQuery): { page: number; perPage: number } {
  if (query.page === undefined && query.per_page === undefined) return { page: 1, perPage: MAX_PAGE_SIZE }
  return { page: query.page ?? 1, perPage: query.per_page ?? 50 }
}
