import { customType, date, pgTable } from 'drizzle-orm/pg-core'

const bytes = customType<{ data: Buffer }>({ dataType: () => 'bytea' })

/**
 * The secret salts of visitor hashes, one per UTC day, the same for all replicas. A salt is deleted after its
 * day. Then the hashes can't be reproduced, and visitors of two days can't be compared. The row of the day
 * `infinity` is not a salt: it holds the id of the installation (plugins/platform/redis/installation.ts).
 */
export const visitorSalts = pgTable('visitor_salts', {
  day: date({ mode: 'string' }).primaryKey(),
  salt: bytes().notNull()
})
