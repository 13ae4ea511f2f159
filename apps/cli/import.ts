import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ImportReport } from '#schema/shapes/import-report.ts'
import { type Command, type CommandContext, CommandError } from './command.ts'
import { withApp } from './open-app.ts'
import { showProgress } from './progress.ts'
import { openRemote, URL_OPTION } from './remote.ts'

/** In import order: referenced rows come first. */
export const KINDS = ['users', 'urls', 'events'] as const
type Kind = (typeof KINDS)[number]

interface SetFile {
  kind: Kind
  name: string
  path: string
  bytes: number
}

/** Imports a file's bytes and gives the report. Calls `onRows` with the number of rows done. */
type ImportFile = (
  kind: Kind,
  bytes: AsyncIterable<Buffer>,
  onRows: (rows: number) => void
) => Promise<ImportReport>

/** Most errors, and most warnings, shown for one file. */
const MAX_LINES = 20

export const importCommand: Command = {
  summary: `Loads users.csv, urls.csv and events.csv; rows that are there already are skipped`,
  words: [{ name: 'DIR', help: 'Folder of the files' }],
  options: URL_OPTION,
  async run(context) {
    const files = await findFiles(context.words[0] ?? '')
    const remote = openRemote(context)
    if (remote)
      return importFiles(context, files, (kind, bytes) =>
        remote.call('POST', `/${kind}/bulk`, { type: 'text/csv', bytes }, 0)
      )
    const again = `npm run cli -- import ${context.words[0]} --url http://127.0.0.1:3000`
    const instead = `While a server runs on it, import through the server: ${again}`
    return withApp(context.env, { instead }, (app) => importFiles(context, files, app.imports.importCsv))
  }
}

async function findFiles(folder: string): Promise<SetFile[]> {
  const files = await Promise.all(
    KINDS.map(async (kind) => {
      const name = `${kind}.csv`
      const path = join(folder, name)
      const found = await stat(path).catch(() => null)
      return { kind, name, path, bytes: found?.isFile() ? found.size : -1 }
    })
  )
  const missing = files.filter(({ bytes }) => bytes === -1).map(({ name }) => name)
  if (missing.length > 0)
    throw new CommandError(`${folder} has no ${missing.join(', ')}; nothing was imported`)
  return files
}

async function importFiles(
  context: CommandContext,
  files: SetFile[],
  importFile: ImportFile
): Promise<number> {
  const { print } = context.output
  let rejected = 0
  for (const file of files) {
    const report = await importOne(context, file, importFile)
    rejected += report.rejected
    const { count, imported, skipped } = report
    print(
      `${file.name}: ${format(count)} rows: ${format(imported)} imported, ${format(skipped)} already there, ` +
        `${format(report.rejected)} rejected`
    )
    printLines(print, 'rejected', report.errors, report.rejected)
    printLines(print, 'note', report.warnings, report.warnings.length)
  }
  if (rejected > 0) {
    const subject = rejected === 1 ? '1 row was' : `${format(rejected)} rows were`
    print(`${subject} rejected: correct them and import again; the others are in.`)
  }
  return rejected > 0 ? 1 : 0
}

async function importOne({ output, signal }: CommandContext, file: SetFile, importFile: ImportFile) {
  const progress = showProgress(output.progress, file.name, file.bytes)
  let done = 0
  let rows = 0
  async function* readFile() {
    for await (const chunk of createReadStream(file.path, { signal })) {
      done += chunk.length
      progress.update(done, rows)
      yield chunk as Buffer
    }
  }
  try {
    return await importFile(file.kind, readFile(), (count) => {
      rows = count
      progress.update(done, rows)
    })
  } catch (error) {
    if (error instanceof Error && ['ProblemError', 'CommandError'].includes(error.name))
      throw new CommandError(`${file.name}: ${error.message}`)
    throw error
  } finally {
    progress.stop()
  }
}

function printLines(
  print: (line: string) => void,
  label: string,
  lines: ImportReport['errors'],
  total: number
): void {
  for (const { line, reason } of lines.slice(0, MAX_LINES))
    print(`  line ${line} ${label}: ${reason.replace(/\n/g, '?')}`)
  if (total > MAX_LINES) print(`  … and ${format(total - MAX_LINES)} more`)
}

function format(count: number): string {
  return count.toLocaleString('en')
}
