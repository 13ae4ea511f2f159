import { flushCompileCache } from 'node:module'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import closeWithGrace from 'close-with-grace'
import type { FastifyInstance } from 'fastify'
import { type AppOptions, buildApp } from '#apps/app.ts'
import { readCommandLine } from '#apps/command-line.ts'
import { type Config, readConfig } from '#apps/config.ts'
import { checkPlace, listen, type Place } from '#apps/listen.ts'
import { createLoggerOptions } from '#apps/logger.ts'
import { errorText } from '#platform/http/error-fields.ts'
import { StartRefused } from '#platform/problem/start-refused.ts'

/**
 * Ignore a repeated signal within this time: npm forwards a signal that the terminal sends to both processes.
 */
const SAME_SIGNAL_MS = 500

type Environment = Record<string, string | undefined>

/** The work of a process. */
interface Work {
  app: AppOptions
  /** Returns the settings for an environment; the environment itself by default. */
  settings?(env: Environment): Environment
  /** Throws {@link StartRefused} if the process can't run with this configuration. */
  check?(config: Config): void
  place(config: Config): Place
  /** Logs that the app listens; the process then lives until a signal. */
  announce(app: FastifyInstance, config: Config): void
}

/** Runs a process without options; `command` starts it, and `summary` is its purpose, for `--help`. */
export function run({ command, summary, ...work }: Work & { command: string; summary: string }): void {
  readCommandLine({
    name: `${command} --`,
    summary: `${summary}\nSettings are environment variables, as in PORT=8080 ${command}; docs/settings.md lists them.`
  })
  serve(work)
}

/**
 * Reads the configuration, builds the app, listens, and closes on a signal. A second signal exits at once. An
 * uncaught error or a failed start exits with a non-zero code.
 */
export function serve(work: Work): void {
  start(work).catch((error: NodeJS.ErrnoException) => {
    // An error of the system says what to change (a folder that can't be written); other errors are bugs.
    const isExpected = error instanceof StartRefused || error.syscall !== undefined
    console.error(isExpected ? error.message : errorText(error))
    process.exit(1)
  })
}

async function start({ app: options, settings, check, place, announce }: Work): Promise<void> {
  // biome-ignore lint/style/noProcessEnv: a process' entry hands its environment to the configuration
  const env: Environment = process.env
  const config = readConfig(settings?.(env) ?? env, process.stdout.isTTY)
  check?.(config)
  await checkPlace(place(config))
  const logger = await createLoggerOptions(config.log)
  const app = await buildApp(config, { ...options, logger })
  closeOnSignals(app, config.lifecycle.drainMs + config.shutdown.timeoutMs)
  try {
    await app.ready()
    collectGarbage()
    await listen(app, place(config))
  } catch (error) {
    await app.close()
    throw error
  }
  announce(app, config)
  // Save the compile cache for the next start now: Node saves it only at a normal exit.
  flushCompileCache()
}

function closeOnSignals(app: FastifyInstance, delay: number): void {
  const skip = ['SIGINT', 'SIGTERM'] as const
  let signalled: { signal: NodeJS.Signals; at: number } | undefined
  const grace = closeWithGrace(
    { delay, logger: app.log, skip: [...skip] },
    async ({ signal, err: error }) => {
      if (error) app.log.fatal({ err: error }, 'uncaught error, closing')
      else app.log.info({ signal: signal ?? signalled?.signal }, 'closing')
      if (!error) await app.lifecycle.drain()
      await app.close()
      app.log.info('closed')
    }
  )
  function onSignal(signal: NodeJS.Signals): void {
    if (signalled === undefined) {
      signalled = { signal, at: performance.now() }
      grace.close()
    } else if (performance.now() - signalled.at > SAME_SIGNAL_MS) {
      app.log.error({ signal }, 'second signal received, exiting')
      process.exit(1)
    }
  }
  for (const signal of skip) process.on(signal, onSignal)
}

/** Collects 15 MiB of start-up garbage, or V8 keeps the young generation large until there is load. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc')
  // The compile cache depends on V8's flags, so restore them.
  setFlagsFromString('--no-expose-gc')
  collect()
}
