import type { FastifyInstance } from 'fastify'
import { readConfig } from '#apps/config.ts'
import { FolderInUse } from '#platform/folder-lock.ts'
import { CommandError } from './command.ts'

interface OpenOptions {
  /** Whether the work may go on beside a server that runs on the same DATA_DIR. */
  attach?: boolean
  /** What to do where it may not. */
  instead?: string
}

/** Runs `work` on the app without its routes, on the server's own database, and closes it whatever happens. */
export async function withApp<T>(
  env: Record<string, string | undefined>,
  { attach = false, instead = 'Stop the server first.' }: OpenOptions,
  work: (app: FastifyInstance) => Promise<T>
): Promise<T> {
  const config = readConfig(env)
  // Loaded only here: help, refusals and work through a server need none of it, and answer at once.
  const { buildApp } = await import('#apps/app.ts')
  const logger = { level: 'warn', stream: process.stderr }
  const app = await buildApp(config, { routes: false, attach, logger }).catch((error: Error) => {
    throw error instanceof FolderInUse ? new CommandError(`${error.message}\n${instead}`) : error
  })
  try {
    await app.ready()
    return await work(app)
  } finally {
    await app.close()
  }
}
