import { sql } from 'drizzle-orm'
import { bigint, index, pgTable, text } from 'drizzle-orm/pg-core'
import { instant } from './instant.ts'

/**
 * People who own links. `username_key` and `email_key` hold the compared form (plugins/platform/database/folding.ts) and are what is
 * unique: an imported twin leaves its key empty, so real sets load whole while `POST /users` still refuses
 * duplicates without a race. The application folds names, not the database, whose lower() depends on its locale.
 */
export const users = pgTable(
  'users',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedByDefaultAsIdentity(),
    username: text().notNull(),
    email: text().notNull(),
    usernameKey: text('username_key').unique(),
    emailKey: text('email_key').unique(),
    /** Of a user without `username_key`: what that would be. Null where it is what ASCII folds the name to. */
    usernameDuplicate: text('username_twin'),
    createdAt: instant('created_at', { precision: 0 }).notNull().default(sql`date_trunc('second', now())`)
  },
  (table) => [
    // A twin is looked up by its compared form when the holder of the key goes away.
    index('users_username_heir')
      .on(sql`coalesce(${table.usernameDuplicate}, lower(${table.username} collate "C"))`)
      .where(sql`${table.usernameKey} is null`),
    index('users_email_heir')
      .on(sql`lower(${table.email} collate "C")`)
      .where(sql`${table.emailKey} is null`),
    // Of the release before; to be dropped in the next one.
    index('users_username_twin').on(sql`lower(${table.username})`).where(sql`${table.usernameKey} is null`),
    index('users_email_twin').on(sql`lower(${table.email})`).where(sql`${table.emailKey} is null`)
  ]
)

export type UserRow = typeof users.$inferSelect
