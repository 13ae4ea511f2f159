import { unwatchFile, watchFile } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { normalizeEntry } from './hosts.ts'

/** A list in a file: one entry a line, `#` begins a comment. It is read again when it changes. */

export interface ListFile {
  /** What it held when it was last read. */
  readonly entries: readonly string[]
  close(): void
}

export interface ListFileOptions {
  path: string
  /** How often it is looked whether the file is another, in milliseconds; a watch of the system's misses what is mounted. */
  everyMs: number
  /** Told after each change. */
  onChange(): void
  /** Told of lines that name no host, by number, and of a file that can't be read: what was read before stays. */
  onProblem(problem: { lines: number[] } | { error: Error }): void
}

/** Opens a list. Rejects when the file can't be read: a list that somebody set and that is not there blocks nothing. */
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

/** The entries of a list, and the numbers of the lines that name none. */
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
