import type { ParseArgsOptionsConfig } from 'node:util'

/** What a command of the command line is made of; main.ts lists them. */
export interface Command {
  /** After `npm run cli -- `. */
  usage: string
  summary: string
  options?: ParseArgsOptionsConfig
  /** How many words it takes beside its name and options. */
  words: number
  /** Does the work, gives the exit code. Throws a {@link CommandError} for what the user can mend. */
  run(context: CommandContext): Promise<number>
}

export interface CommandContext {
  words: string[]
  options: Record<string, unknown>
  env: Record<string, string | undefined>
  /** Aborted by Ctrl+C: stop in good order. */
  signal: AbortSignal
  output: Output
}

export interface Output {
  /** Where results go: standard output. */
  print(line: string): void
  /** Where progress goes, so that results can be piped. */
  progress: NodeJS.WriteStream
}

/** Said to the user in one line, without a stack. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}
