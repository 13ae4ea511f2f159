import closeWithGrace from 'close-with-grace'
import type { FastifyInstance } from 'fastify'
import { type AppOptions, buildApp } from '#apps/app.ts'
import { type Config, readConfig } from '#apps/config.ts'
import { createLoggerOptions } from '#apps/logger.ts'
import manifest from '#package.json' with { type: 'json' }

/** A start that the operator can mend; the message says how. */
export class StartFailed extends Error {
  override readonly name = 'StartFailed'
}

/** Errors whose message is all that the operator needs; anything else is a bug and shows where it happened. */
const EXPECTED = new Set(['StartFailed', 'ConfigError', 'FolderInUse', 'MigrationBlocked', 'StartRefused'])

/** What a process does. */
export interface Work {
  app: AppOptions
  /** Throws {@link StartFailed} when the process can't do its work with this configuration. */
  check?(config: Config): void
  /** Begins; the process then lives until a signal. */
  begin(app: FastifyInstance, config: Config): Promise<void>
}

/**
 * The life of a process: reads the configuration, builds the app, begins its work, and leaves in good order on a
 * signal. A second signal ends it at once; an uncaught error ends it non-zero, and so does a start that fails. With
 * `--version` it says which release it is and does nothing else.
 */
export function run(work: Work): void {
  if (process.argv.includes('--version')) {
    process.stdout.write(`${manifest.version}\n`)
    return
  }
  start(work).catch((error: NodeJS.ErrnoException) => {
    // What the system refused (a folder that can't be written) is for the operator too.
    const isExpected = EXPECTED.has(error.name) || error.syscall !== undefined
    console.error(isExpected ? error.message : error)
    process.exit(1)
  })
}

async function start({ app: options, check, begin }: Work): Promise<void> {
  // biome-ignore lint/style/noProcessEnv: a process' entry hands its environment to the configuration
  const config = readConfig(process.env, process.stdout.isTTY)
  check?.(config)
  const app = await buildApp(config, { ...options, logger: createLoggerOptions(config.log) })
  const delay = config.lifecycle.drainMs + config.shutdown.timeoutMs
  closeWithGrace({ delay, logger: app.log }, async ({ signal, err: error }) => {
    if (error) app.log.fatal({ err: error }, 'an error nobody handled: closing')
    else app.log.info({ signal }, 'closing')
    if (!error) await app.lifecycle.drain()
    await app.close()
    app.log.info('closed')
  })
  try {
    await begin(app, config)
  } catch (error) {
    await app.close()
    throw error
  }
}
