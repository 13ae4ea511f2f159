import { createWriteStream } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Command, CommandError } from './command.ts'
import { KINDS } from './import.ts'
import { withApp } from './open-app.ts'
import { openRemote, type Remote, URL_OPTION } from './remote.ts'

/**
 * Writes users.csv, urls.csv and events.csv from one snapshot. Files are renamed when all are complete, so a
 * failed export keeps the previous files.
 */
export const exportCommand: Command = {
  summary: `Writes users.csv, urls.csv and events.csv, which import reads back unchanged
Titles are untrusted: for Excel, Calc and Sheets use --for spreadsheet, so that no cell runs as a formula.`,
  words: [{ name: 'DIR', help: 'Folder for the files, created if missing' }],
  options: {
    for: {
      type: 'string',
      value: 'READER',
      oneOf: ['spreadsheet'],
      help: 'Escapes cells that a spreadsheet would run as formulas'
    },
    ...URL_OPTION
  },
  async run(context) {
    const { words, options, env, signal, output } = context
    const folder = words[0] ?? ''
    const isGuarded = options['for'] === 'spreadsheet'
    await mkdir(folder, { recursive: true }).catch((error: Error) => {
      throw new CommandError(`${folder} can not be made: ${error.message}`)
    })
    const drafts = new Map<string, { name: string; bytes: number }>()
    async function write(kind: string, text: AsyncIterable<string | Buffer>) {
      const draft = join(folder, `.${kind}.csv.${process.pid}`)
      const file = createWriteStream(draft, { flush: true })
      drafts.set(draft, { name: `${kind}.csv`, bytes: 0 })
      await pipeline(Readable.from(text), file, { signal })
      drafts.set(draft, { name: `${kind}.csv`, bytes: file.bytesWritten })
    }
    const remote = openRemote(context)
    try {
      if (remote) await exportThrough(remote, isGuarded, (kind, file) => write(kind, unbroken(file, signal)))
      else await withApp(env, { attach: true }, (app) => app.imports.exportCsv(write, { isGuarded }))
      for (const [draft, { name, bytes }] of drafts) {
        await rename(draft, join(folder, name))
        output.print(`${name}: ${bytes.toLocaleString('en')} bytes`)
      }
      return 0
    } finally {
      for (const draft of drafts.keys()) await rm(draft, { force: true })
    }
  }
}

/** Each file has its own snapshot. Referenced rows are read last, so no reference is dangling. */
async function exportThrough(
  remote: Remote,
  isGuarded: boolean,
  write: (kind: string, file: AsyncIterable<Buffer>) => Promise<void>
): Promise<void> {
  for (const kind of KINDS.toReversed()) {
    const answer = await remote.send('GET', `/${kind}/bulk${isGuarded ? '?for=spreadsheet' : ''}`)
    await write(kind, answer)
  }
}

async function* unbroken(file: AsyncIterable<Buffer>, signal: AbortSignal): AsyncGenerator<Buffer> {
  try {
    yield* file
  } catch (error) {
    if (signal.aborted) throw error
    throw new CommandError('The server ended its answer early; nothing was stored')
  }
}
