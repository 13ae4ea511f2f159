import { sql } from 'drizzle-orm'
import type { Executor } from '#platform/database/index.ts'
import { visitorSalts } from '#schema/tables/visitor-salts.ts'

/** The SQL of the salts of visitor names. */

/**
 * Returns the salt of a UTC day, given as 2025-06-04: `candidate`, or the one that another replica stored
 * first.
 */
export async function shareSalt(on: Executor, day: string, candidate: Buffer): Promise<Buffer> {
  await on.insert(visitorSalts).values({ day, salt: candidate }).onConflictDoNothing()
  const [row] = await on.select().from(visitorSalts).where(sql`${visitorSalts.day} = ${day}::date`)
  // Deleted between the two statements: the day ended, so the candidate's names can't be reproduced.
  return row?.salt ?? candidate
}

/** Deletes the salts of the days before `day`. */
export async function deleteSalts(on: Executor, day: string): Promise<void> {
  await on.delete(visitorSalts).where(sql`${visitorSalts.day} < ${day}::date`)
}
