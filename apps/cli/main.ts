import { ApiError } from '#apps/client/api-error.ts'
import { type Option, type Program, plain, readCommandLine, UsageError } from '#apps/command-line.ts'
import { errorText } from '#platform/http/error-fields.ts'
import { StartRefused } from '#platform/problem/start-refused.ts'
import { backupCommand, restoreCommand } from './backup.ts'
import type { Command } from './command.ts'
import { exportCommand } from './export.ts'
import { importCommand } from './import.ts'
import { keyCommands } from './keys.ts'
import { listCommand, shortenCommand } from './links.ts'
import { moveCommand } from './move.ts'
import { describeApiError } from './server.ts'
import { statsCommand } from './stats.ts'
import { tailCommand } from './tail.ts'

/**
 * The command line: `npm run cli -- COMMAND`. Exit codes: 0 done (even if rows were skipped), 1 failed or
 * rows were rejected, 2 wrong usage, 130 stopped by Ctrl+C.
 */
const commands: Record<string, Command> = {
  shorten: shortenCommand,
  ls: listCommand,
  stats: statsCommand,
  tail: tailCommand,
  import: importCommand,
  export: exportCommand,
  backup: backupCommand,
  restore: restoreCommand,
  move: moveCommand,
  ...keyCommands
}
const names = Object.keys(commands)
const width = Math.max(...names.map((name) => name.length))

const program: Program<Record<string, Option>> = {
  name: 'npm run cli --',
  words: [{ name: 'COMMAND', oneOf: names }],
  summary: `${names
    .map((name) => `  ${name.padEnd(width)}  ${commands[name]?.summary.split('\n')[0]}`)
    .join('\n')}

COMMAND --help lists its words and options. The database is the server's (DATABASE_URL, DATA_DIR).
Exit codes: 0 done, 1 failed or rows were rejected, 2 wrong usage.`
}

async function main(given: string[]): Promise<number> {
  const args = given[0] === 'help' ? [...given.slice(1), '--help'] : given
  // Some names have two words.
  const length = names.some((name) => name.startsWith(`${args[0]} `)) ? 2 : 1
  const name = args.slice(0, length).join(' ')
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!command) {
    readCommandLine(program, name ? [name] : [])
    return 2
  }
  const { values, words } = readCommandLine(
    { ...command, name: `${program.name} ${name}` },
    args.slice(length)
  )
  const stop = new AbortController()
  // A second Ctrl+C finds no listener and ends the process at once.
  process.once('SIGINT', () => stop.abort())
  process.once('SIGTERM', () => stop.abort())
  try {
    return await command.run({
      words,
      options: values as Record<string, string | undefined>,
      // biome-ignore lint/style/noProcessEnv: a process' entry hands its environment to the configuration
      env: process.env,
      signal: stop.signal,
      output: {
        print: (line) => process.stdout.write(`${plain(line)}\n`),
        progress: process.stderr,
        columns: process.stdout.columns
      }
    })
  } catch (error) {
    if (!stop.signal.aborted) throw error
    process.stderr.write(
      `${command.interrupted ?? 'Stopped. What was done stays; run the command again to go on.'}\n`
    )
    return 130
  }
}

/** Errors shown by their message alone, without a stack. */
const EXPECTED = new Set(['BackupError', 'CommandError', 'UsageError', 'ProblemError'])

// The reader of a pipe may end first, as in `tail | head -1`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  const { name, message, syscall, severity } = error as NodeJS.ErrnoException & { severity?: string }
  // Errors of the system or the database say what to change.
  if (error instanceof ApiError) process.stderr.write(`${plain(describeApiError(error))}\n`)
  else if (
    error instanceof StartRefused ||
    EXPECTED.has(name) ||
    syscall !== undefined ||
    severity !== undefined
  )
    process.stderr.write(`${plain(message)}\n`)
  else process.stderr.write(`${plain(errorText(error))}\n`)
  process.exitCode = error instanceof UsageError ? 2 : 1
}
