import closeWithGrace from 'close-with-grace'
import { buildApp } from '#apps/app.ts'
import { readConfig } from '#apps/config.ts'
import { createLoggerOptions } from '#apps/logger.ts'
import { announce } from './announce.ts'

/** The server: reads the configuration, builds the app, listens, and leaves in good order on a signal. */
async function main() {
  // biome-ignore lint/style/noProcessEnv: a process' entry hands its environment to the configuration
  const config = readConfig(process.env, process.stdout.isTTY)
  const app = await buildApp(config, { logger: createLoggerOptions(config.log) })
  // Also ends the process, non-zero, after an uncaught error, and at once at a second signal.
  const delay = config.lifecycle.drainMs + config.shutdown.timeoutMs
  closeWithGrace({ delay, logger: app.log }, async ({ signal, err: error }) => {
    if (error) app.log.fatal({ err: error }, 'an error nobody handled: closing')
    else app.log.info({ signal }, 'closing')
    if (!error) await app.lifecycle.drain()
    await app.close()
    app.log.info('closed')
  })
  try {
    await app.listen({ host: config.server.host, port: config.server.port })
  } catch (error) {
    await app.close()
    throw new AddressUnusable(`${(error as Error).message}: set HOST or PORT to another`, { cause: error })
  }
  announce(app, config)
}

class AddressUnusable extends Error {
  override readonly name = 'AddressUnusable'
}

const EXPECTED = new Set(['AddressUnusable', 'ConfigError', 'FolderInUse', 'StartRefused'])

main().catch((error: NodeJS.ErrnoException) => {
  // What the operator can mend is said in one line, what the system refused too (a folder that can't be written);
  // anything else is a bug and shows where it happened.
  const isExpected = EXPECTED.has(error.name) || error.syscall !== undefined
  console.error(isExpected ? error.message : error)
  process.exit(1)
})
