import { sql } from 'drizzle-orm'
import { bigint, integer, pgTable, text } from 'drizzle-orm/pg-core'
import { bytes } from './bytes.ts'
import { instant } from './instant.ts'

/**
 * Sessions of browsers. Only the SHA-256 of the cookie is stored: 256 random bits can't be guessed. A session
 * from a key has `key_id` and the version of the key, and is valid while that version is. A session from an
 * identity provider has its user, role and name. Expired rows are deleted.
 */
export const sessions = pgTable('sessions', {
  /** For the audit log; it does not reveal the cookie. */
  id: text().primaryKey(),
  tokenHash: bytes('token_hash').notNull().unique(),
  keyId: text('key_id'),
  keyVersion: integer('key_version'),
  userId: bigint('user_id', { mode: 'number' }),
  role: text(),
  name: text(),
  createdAt: instant('created_at').notNull().default(sql`now()`),
  lastSeenAt: instant('last_seen_at').notNull().default(sql`now()`),
  expiresAt: instant('expires_at').notNull()
})

export type SessionRow = typeof sessions.$inferSelect
