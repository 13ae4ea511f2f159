import { customType, date, pgTable } from 'drizzle-orm/pg-core'

const bytes = customType<{ data: Buffer }>({ dataType: () => 'bytea' })

/**
 * The secret that visitors' hashes of one UTC day are made with, the same for all replicas. It is deleted when its
 * day is over: from then on nobody can make those hashes again, nor tell whether two days had the same visitor. The row of
 * the day `infinity` is no salt: it holds the id of the installation (plugins/platform/redis/installation.ts).
 */
export const visitorSalts = pgTable('visitor_salts', {
  day: date({ mode: 'string' }).primaryKey(),
  salt: bytes().notNull()
})
