import { type SQL, sql } from 'drizzle-orm'
import { DEFAULT_PAGE_SIZE } from '#schema/shapes/page.ts'

/**
 * The limit of a list's statement. PostgreSQL plans a limit in a parameter for a tenth of the table. It finds
 * this general plan too dear to use, and plans anew each time, which takes longer than to read 50 rows. A
 * page of the default size has its limit in the statement.
 */

/** The part of a statement's shape for up to `rows` rows. */
export function sizeOf(rows: number): string {
  return rows === DEFAULT_PAGE_SIZE ? String(rows) : ''
}

/** The limit of a statement, whose placeholder `most` has it for other sizes. */
export function limitOf(size: string): SQL {
  return size === '' ? sql`${sql.placeholder('most')}::bigint` : sql.raw(size)
}
