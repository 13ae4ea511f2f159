import type { Option, Program } from '#apps/command-line.ts'

/** A command of the command line; main.ts lists them. */
export interface Command extends Omit<Program<Record<string, Option>>, 'name'> {
  /** What is printed after Ctrl+C. */
  interrupted?: string
  /** Does the work, gives the exit code. Throws a {@link CommandError} that says what to change. */
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
  /** Where results go: standard output. */
  print(line: string): void
  /** Where progress goes, so that results can be piped. */
  progress: NodeJS.WriteStream
}

/** An error that the user can act on: shown in one line, without a stack. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}
