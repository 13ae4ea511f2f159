import { and, eq, inArray, sql } from 'drizzle-orm'
import type { Executor } from '#platform/database/index.ts'
import { urlPasswords } from '#schema/tables/url-passwords.ts'
import { urls } from '#schema/tables/urls.ts'

/** The SQL of the passwords of links. */

/** A link and the hash of its password, null to remove it. */
export interface PasswordRow {
  urlId: number
  hash: string | null
}

/** Sets and removes passwords. */
export async function writePasswords(on: Executor, rows: readonly PasswordRow[]): Promise<void> {
  const removed = rows.filter(({ hash }) => hash === null).map(({ urlId }) => urlId)
  if (removed.length > 0) await on.delete(urlPasswords).where(inArray(urlPasswords.urlId, removed))
  const set = rows.flatMap(({ urlId, hash }) => (hash === null ? [] : [{ urlId, hash }]))
  if (set.length > 0)
    await on
      .insert(urlPasswords)
      .values(set)
      .onConflictDoUpdate({ target: urlPasswords.urlId, set: { hash: sql`excluded.hash` } })
}

/** Returns the hash of the password that made the link's `version` of it, or null. */
export async function findPassword(on: Executor, urlId: number, version: number): Promise<string | null> {
  const [row] = await on
    .select({ hash: urlPasswords.hash })
    .from(urlPasswords)
    .innerJoin(urls, eq(urls.id, urlPasswords.urlId))
    .where(and(eq(urls.id, urlId), eq(urls.passwordVersion, version)))
  return row?.hash ?? null
}
