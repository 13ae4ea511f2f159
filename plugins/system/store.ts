import { sql } from 'drizzle-orm'
import type { Executor } from '#platform/database/index.ts'

/** Returns the version of PostgreSQL, without the name of its package. */
export async function readServerVersion(on: Executor): Promise<string> {
  const { rows } = await on.execute<{ version: string }>(
    sql`select split_part(current_setting('server_version'), ' ', 1) as version`
  )
  return rows[0]?.version ?? ''
}
