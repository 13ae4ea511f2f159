import { sql } from 'drizzle-orm'
import { bigint, index, pgTable, text } from 'drizzle-orm/pg-core'
import { instant } from './instant.ts'

/**
 * People who own links. `username_key` and `email_key` hold the compared form (lower case) and are what is
 * unique: an imported twin leaves its key empty, so real sets load whole while `POST /users` still refuses
 * duplicates without a race.
 */
export const users = pgTable(
  'users',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedByDefaultAsIdentity(),
    username: text().notNull(),
    email: text().notNull(),
    usernameKey: text('username_key').unique(),
    emailKey: text('email_key').unique(),
    createdAt: instant('created_at', { precision: 0 })
      .notNull()
      .default(sql`date_trunc('second', now())`)
  },
  (table) => [
    // A twin is looked up by its compared form when the holder of the key goes away.
    index('users_username_twin').on(sql`lower(${table.username})`).where(sql`${table.usernameKey} is null`),
    index('users_email_twin').on(sql`lower(${table.email})`).where(sql`${table.emailKey} is null`)
  ]
)

export type UserRow = typeof users.$inferSelect
