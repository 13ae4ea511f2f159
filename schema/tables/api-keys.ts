import { sql } from 'drizzle-orm'
import { bigint, integer, pgTable, text } from 'drizzle-orm/pg-core'
import { bytes } from './bytes.ts'
import { instant } from './instant.ts'

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
  createdAt: instant('created_at', { precision: 0 }).notNull().default(sql`date_trunc('second', now())`),
  expiresAt: instant('expires_at', { precision: 0 }),
  revokedAt: instant('revoked_at', { precision: 0 }),
  lastUsedAt: instant('last_used_at', { precision: 0 }),
  version: integer().notNull().default(1)
})

export type ApiKeyRow = typeof apiKeys.$inferSelect
