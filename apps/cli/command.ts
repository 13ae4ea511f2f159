import type { Option, Program } from '#apps/command-line.ts'

/** A command of the command line; main.ts lists them. */
export interface Command extends Omit<Program<Record<string, Option>>, 'name'> {
  /** The message after Ctrl+C. */
  interrupted?: string
  /** Runs the command and returns the exit code. Throws a {@link CommandError} that says what to change. */
  run(context: CommandContext): Promise<number>
}

export interface CommandContext {
  words: string[]
  options: Record<string, string | undefined>
  env: Record<string, string | undefined>
  /** Aborted by Ctrl+C; the command then cleans up and ends. */
  signal: AbortSignal
  output: Output
}

export interface Output {
  /** Prints a result to standard output. */
  print(line: string): void
  /** The stream for progress, separate from results, so that these can be piped. */
  progress: NodeJS.WriteStream
  /** The width of the terminal; undefined if results go elsewhere. */
  columns?: number | undefined
}

/** An error that the user can act on: shown in one line, without a stack. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}
