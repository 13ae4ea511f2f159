import { sql } from 'drizzle-orm'
import { bigint, integer, pgTable, text } from 'drizzle-orm/pg-core'
import { bytes } from './bytes.ts'
import { instant } from './instant.ts'

/**
 * Who is signed in, on browsers. Of the cookie only its SHA-256 is stored: 256 random bits can't be found by trying. A
 * session that was begun with a key has `key_id` and the version that the key had then, and is good while that is; one that was
 * begun at a provider of identities has its user, role and name. Rows go when they are over.
 */
export const sessions = pgTable('sessions', {
  /** For the audit log: it tells nobody the cookie. */
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
