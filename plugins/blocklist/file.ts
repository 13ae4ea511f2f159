import { unwatchFile, watchFile } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { normalizeEntry } from './hosts.ts'

/** A list in a file: one entry per line, `#` begins a comment. The process reloads it after changes. */

export interface ListFile {
  /** The entries of the last successful read. */
  readonly entries: readonly string[]
  close(): void
}

export interface ListFileOptions {
  path: string
  /**
   * How often to poll the file, in milliseconds. It polls because file system events miss changes of mounted
   * files.
   */
  everyMs: number
  /** Runs after each change. */
  onChange(): void
  /**
   * Receives the numbers of lines without a valid host, or the error of a failed read, which keeps the last
   * entries.
   */
  onProblem(problem: { lines: number[] } | { error: Error }): void
}

/**
 * Opens a list. Rejects if the file is unreadable, because a configured list that is missing would block
 * nothing.
 */
export async function openListFile({
  path,
  everyMs,
  onChange,
  onProblem
}: ListFileOptions): Promise<ListFile> {
  let entries = await read()

  async function read(): Promise<string[]> {
    const { good, bad } = parseList(await readFile(path, 'utf8'))
    if (bad.length > 0) onProblem({ lines: bad })
    return good
  }

  function readAgain(): void {
    read().then(
      (read) => {
        entries = read
        onChange()
      },
      (error: Error) => onProblem({ error })
    )
  }

  watchFile(path, { interval: everyMs, persistent: false }, readAgain)
  return {
    get entries() {
      return entries
    },
    close: () => unwatchFile(path, readAgain)
  }
}

/** The entries of a list, and the numbers of its invalid lines. */
export function parseList(text: string): { good: string[]; bad: number[] } {
  const good: string[] = []
  const bad: number[] = []
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const name = line.replace(/#.*/, '').trim()
    if (name === '') continue
    const entry = normalizeEntry(name)
    if (entry === null) bad.push(index + 1)
    else good.push(entry)
  }
  return { good, bad }
}
