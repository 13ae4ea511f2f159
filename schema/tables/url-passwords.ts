import { bigint, pgTable, text } from 'drizzle-orm/pg-core'

/** Passwords of links. A table of their own, so that no query of links reads them. */
export const urlPasswords = pgTable('url_passwords', {
  urlId: bigint('url_id', { mode: 'number' }).primaryKey(),
  /** scrypt, as a PHC string. */
  hash: text().notNull()
})
