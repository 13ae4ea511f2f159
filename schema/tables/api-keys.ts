import { sql } from 'drizzle-orm'
import { bigint, integer, pgTable, text } from 'drizzle-orm/pg-core'
import { bytes } from './bytes.ts'
import { instant } from './instant.ts'

/**
 * API keys. Only the SHA-256 of a secret is stored: 256 random bits can't be guessed, so a slow hash would
 * add no protection. Revoked keys remain, as a record. Each change increments `version`, for the cache.
 * Deleting a user revokes its keys, which then have no owner.
 */
export const apiKeys = pgTable('api_keys', {
  publicId: text('public_id').primaryKey(),
  secretHash: bytes('secret_hash').notNull(),
  name: text().notNull(),
  role: text().notNull(),
  /** Null: all scopes of the role. */
  scopes: text().array(),
  userId: bigint('user_id', { mode: 'number' }),
  createdAt: instant('created_at', { precision: 0 }).notNull().default(sql`date_trunc('second', now())`),
  expiresAt: instant('expires_at', { precision: 0 }),
  revokedAt: instant('revoked_at', { precision: 0 }),
  lastUsedAt: instant('last_used_at', { precision: 0 }),
  version: integer().notNull().default(1)
})

export type ApiKeyRow = typeof apiKeys.$inferSelect
