import { createWriteStream } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Command, CommandError } from './command.ts'
import { withApp } from './open-app.ts'

/**
 * Writes users.csv, urls.csv and events.csv, as of one moment. Each gets its name only when all are complete: a
 * broken-off export leaves an older one as it was.
 */
export const exportCommand: Command = {
  summary: `Writes users.csv, urls.csv and events.csv, which import reads back unchanged
Anyone may have written the titles: for Excel, Calc and Sheets use --for spreadsheet, so that no cell runs as a formula.`,
  words: [{ name: 'DIR', help: 'Folder of the files; made where it is missing' }],
  options: {
    for: {
      type: 'string',
      value: 'READER',
      oneOf: ['spreadsheet'],
      help: 'Guards cells that a spreadsheet would run'
    }
  },
  async run({ words, options, env, signal, output }) {
    const folder = words[0] ?? ''
    await mkdir(folder, { recursive: true }).catch((error: Error) => {
      throw new CommandError(`${folder} can not be made: ${error.message}`)
    })
    const drafts = new Map<string, string>()
    try {
      const counts = await withApp(env, (app) =>
        app.imports.exportCsv(
          async (kind, text) => {
            const draft = join(folder, `.${kind}.csv.${process.pid}`)
            drafts.set(draft, join(folder, `${kind}.csv`))
            await pipeline(Readable.from(text), createWriteStream(draft, { flush: true }), { signal })
          },
          { isGuarded: options['for'] === 'spreadsheet' }
        )
      )
      for (const [draft, path] of drafts) await rename(draft, path)
      for (const [kind, rows] of Object.entries(counts))
        output.print(`${kind}.csv: ${rows.toLocaleString('en')} rows`)
      return 0
    } finally {
      for (const draft of drafts.keys()) await rm(draft, { force: true })
    }
  }
}
