import type { FastifyInstance } from 'fastify'
import { readConfig } from '#apps/config.ts'

/** Runs `work` on the app without its routes, on the server's own database, and closes it whatever happens. */
export async function withApp<T>(
  env: Record<string, string | undefined>,
  work: (app: FastifyInstance) => Promise<T>
): Promise<T> {
  const config = readConfig(env)
  // Loaded only here: help, refusals and imports through a server need none of it, and answer at once.
  const { buildApp } = await import('#apps/app.ts')
  const app = await buildApp(config, { routes: false, logger: { level: 'warn', stream: process.stderr } })
  try {
    await app.ready()
    return await work(app)
  } finally {
    await app.close()
  }
}
