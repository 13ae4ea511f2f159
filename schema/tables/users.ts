import { sql } from 'drizzle-orm'
import { bigint, index, pgTable, text } from 'drizzle-orm/pg-core'
import { instant } from './instant.ts'

/**
 * Owners of links. `username_key` and `email_key` hold the folded form (plugins/platform/database/folding.ts)
 * and are unique. An imported duplicate leaves its key empty. So real sets load completely, while `POST
 * /users` still refuses duplicates without a race. The application folds names, because the database's
 * lower() depends on its locale.
 */
export const users = pgTable(
  'users',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedByDefaultAsIdentity(),
    username: text().notNull(),
    email: text().notNull(),
    usernameKey: text('username_key').unique(),
    emailKey: text('email_key').unique(),
    /** The folded name of a user without `username_key`. Null if ASCII folding of the name gives the same. */
    usernameDuplicate: text('username_twin'),
    createdAt: instant('created_at', { precision: 0 }).notNull().default(sql`date_trunc('second', now())`)
  },
  (table) => [
    // When the holder of a key is deleted, its duplicate is looked up by the folded form.
    index('users_username_heir')
      .on(sql`coalesce(${table.usernameDuplicate}, lower(${table.username} collate "C"))`)
      .where(sql`${table.usernameKey} is null`),
    index('users_email_heir')
      .on(sql`lower(${table.email} collate "C")`)
      .where(sql`${table.emailKey} is null`),
    // Used by the previous release; drop it in the next one.
    index('users_username_twin').on(sql`lower(${table.username})`).where(sql`${table.usernameKey} is null`),
    index('users_email_twin').on(sql`lower(${table.email})`).where(sql`${table.emailKey} is null`)
  ]
)

export type UserRow = typeof users.$inferSelect
