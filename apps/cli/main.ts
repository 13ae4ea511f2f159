import { parseArgs } from 'node:util'
import type { Command } from './command.ts'
import { exportCommand } from './export.ts'
import { importCommand } from './import.ts'
import { keyCommands } from './keys.ts'

/**
 * The command line: `npm run cli -- COMMAND`. Exit codes: 0 done (also when rows were skipped), 1 failed, or rows
 * were rejected, 2 not understood, 130 stopped by Ctrl+C.
 */
const commands: Record<string, Command> = { import: importCommand, export: exportCommand, ...keyCommands }

const USAGE = `Usage: npm run cli -- COMMAND

${Object.values(commands)
  .map(({ usage, summary }) => `  ${usage}\n      ${summary}\n`)
  .join('')}  help
      Shows this text.

The database is the one that the server uses: DATABASE_URL, or the embedded one in DATA_DIR.
Exit codes: 0 done, 1 failed or rows were rejected, 2 the command was not understood.
`

/** Thrown for a command line that can't be understood; the usage is shown with it. */
class UsageError extends Error {}

async function main(args: string[]): Promise<number> {
  // Some are named by two words.
  const isDouble = Object.hasOwn(commands, args.slice(0, 2).join(' '))
  const name = args.slice(0, isDouble ? 2 : 1).join(' ')
  const rest = args.slice(isDouble ? 2 : 1)
  if (['help', '--help', '-h'].includes(name)) {
    process.stdout.write(USAGE)
    return 0
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!command) throw new UsageError(name ? `There is no command ${name}` : 'Name a command')
  const { values: options, positionals: words } = readArguments(command, rest)
  if (words.length !== command.words) throw new UsageError(`Write it as: ${command.usage}`)
  const stop = new AbortController()
  // A second Ctrl+C finds no listener and ends the process at once.
  process.once('SIGINT', () => stop.abort())
  process.once('SIGTERM', () => stop.abort())
  try {
    return await command.run({
      words,
      options,
      // biome-ignore lint/style/noProcessEnv: a process' entry hands its environment to the configuration
      env: process.env,
      signal: stop.signal,
      output: { print: (line) => process.stdout.write(`${line}\n`), progress: process.stderr }
    })
  } catch (error) {
    if (!stop.signal.aborted) throw error
    process.stderr.write('Stopped. What was done stays; run the command again to go on.\n')
    return 130
  }
}

function readArguments({ options = {} }: Command, args: string[]) {
  try {
    return parseArgs({ args, options, allowPositionals: true })
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

/** Errors whose message says all that the user needs. */
const EXPECTED = new Set([
  'CommandError',
  'ConfigError',
  'FolderInUse',
  'MigrationBlocked',
  'StartRefused',
  'ProblemError'
])

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  const { name, message } = error as Error
  if (error instanceof UsageError) process.stderr.write(`${message}\n\n${USAGE}`)
  else if (EXPECTED.has(name)) process.stderr.write(`${message}\n`)
  else console.error(error)
  process.exitCode = error instanceof UsageError ? 2 : 1
}
