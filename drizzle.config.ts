import { defineConfig } from 'drizzle-kit'

/** Where drizzle-kit finds the tables and writes the SQL migrations (`npm run db:generate`). */
export default defineConfig({
  dialect: 'postgresql',
  schema: './schema/tables/*.ts',
  out: './drizzle',
  migrations: { prefix: 'index' }
})
