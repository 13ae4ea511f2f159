import { sql } from 'drizzle-orm'
import { bigint, integer, pgTable, text, timestamp } from 'drizzle-orm/pg-core'
import { bytes } from './bytes.ts'

/**
 * API keys. Of the secret only its SHA-256 is stored: 256 random bits can't be found by trying, so a slow hash would
 * protect nothing more. A revoked key stays, for the record. `version` grows with each change, for the cache.
 * Deleting a user revokes its keys, which then belong to nobody.
 */
export const apiKeys = pgTable('api_keys', {
  publicId: text('public_id').primaryKey(),
  secretHash: bytes('secret_hash').notNull(),
  name: text().notNull(),
  role: text().notNull(),
  /** Null: all that the role has. */
  scopes: text().array(),
  userId: bigint('user_id', { mode: 'number' }),
  createdAt: timestamp('created_at', { withTimezone: true, precision: 0 })
    .notNull()
    .default(sql`date_trunc('second', now())`),
  expiresAt: timestamp('expires_at', { withTimezone: true, precision: 0 }),
  revokedAt: timestamp('revoked_at', { withTimezone: true, precision: 0 }),
  lastUsedAt: timestamp('last_used_at', { withTimezone: true, precision: 0 }),
  version: integer().notNull().default(1)
})

export type ApiKeyRow = typeof apiKeys.$inferSelect
