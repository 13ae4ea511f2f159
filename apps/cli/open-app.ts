import type { FastifyInstance } from 'fastify'
import { readConfig } from '#apps/config.ts'
import { FolderInUse } from '#platform/database/folder-lock.ts'
import type { InstallationMode } from '#platform/redis/installation.ts'
import { CommandError } from './command.ts'

interface OpenOptions {
  /** True if the work may run beside a server on the same DATA_DIR. */
  attach?: boolean
  /** The advice in the error message if it may not. */
  instead?: string
  /** `ignore` for work that replaces the id of the installation. */
  installation?: InstallationMode
}

/** Runs `work` on the app without routes, on the server's database, and always closes the app. */
export async function withApp<T>(
  env: Record<string, string | undefined>,
  { attach = false, instead = 'Stop the server first.', installation = 'check' }: OpenOptions,
  work: (app: FastifyInstance) => Promise<T>
): Promise<T> {
  const config = readConfig(env)
  // Loaded only here: help, usage errors and --url do not need it, and load faster without it.
  const { buildApp } = await import('#apps/app.ts')
  const logger = { level: 'warn', stream: process.stderr }
  const app = await buildApp(config, { routes: false, attach, installation, logger }).catch(
    (error: Error) => {
      throw error instanceof FolderInUse ? new CommandError(`${error.message}\n${instead}`) : error
    }
  )
  try {
    await app.ready()
    return await work(app)
  } finally {
    await app.close()
  }
}
