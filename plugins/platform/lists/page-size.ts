import { type SQL, sql } from 'drizzle-orm'

/**
 * The limit of a list's statement. PostgreSQL plans a limit in a parameter for a tenth of the table. It finds
 * this general plan too dear to use, and plans anew each time, which takes longer than to read 50 rows. A
 * page of the usual size has its limit in the statement.
 */

/** As pageWindow without `per_page`, and what the dashboard reads. */
const USUAL_ROWS = 50

/** The part of a statement's shape for up to `rows` rows. */
export function sizeOf(rows: number): string {
  return rows === USUAL_ROWS ? String(rows) : ''
}

/** The limit of a statement, whose placeholder `most` has it for unusual sizes. */
export function limitOf(size: string): SQL {
  return size === '' ? sql`${sql.placeholder('most')}::bigint` : sql.raw(size)
}
