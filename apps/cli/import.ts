import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type ImportReport,
  ON_CONFLICT,
  type OnConflict,
  type SetReport
} from '#schema/shapes/import-report.ts'
import { type Command, type CommandContext, CommandError } from './command.ts'
import { withApp } from './open-app.ts'
import { showProgress } from './progress.ts'
import { openRemote, type Remote, URL_OPTION } from './remote.ts'

/** In import order: referenced rows come first. */
export const KINDS = ['users', 'urls', 'events'] as const
type Kind = (typeof KINDS)[number]

interface SetFile {
  kind: Kind
  name: string
  path: string
  bytes: number
}

/** Imports a file's bytes and returns the report. Calls `onRows` with the number of rows done. */
type ImportFile = (
  kind: Kind,
  bytes: AsyncIterable<Buffer>,
  onRows: (rows: number) => void
) => Promise<ImportReport>

/** Prints the report of each file when it is done. */
type ReportPrinter = (file: SetFile, report: ImportReport) => void

/** Maximum errors, and maximum warnings, shown for one file. */
const MAX_LINES = 20

export const importCommand: Command = {
  summary: `Loads users.csv, urls.csv and events.csv; rows that are there already are skipped
A row whose id a different row has is left out (skip), gets a new id that references follow (renumber), or stops the import (fail).`,
  words: [{ name: 'DIR', help: 'Folder of the files' }],
  options: {
    'on-conflict': {
      type: 'string',
      value: 'CHOICE',
      oneOf: ON_CONFLICT,
      help: 'What to do with a row whose id belongs to a different row'
    },
    ...URL_OPTION
  },
  async run(context) {
    const files = await findFiles(context.words[0] ?? '')
    const onConflict = (context.options['on-conflict'] ?? 'skip') as OnConflict
    const remote = openRemote(context)
    if (remote && onConflict === 'renumber')
      return reportFiles(context, (print) => sendSet(context, remote, files, print))
    const query = onConflict === 'skip' ? '' : `?on_conflict=${onConflict}`
    if (remote)
      return reportFiles(context, (print) =>
        importFiles(context, files, print, (kind, bytes) =>
          remote.call('POST', `/${kind}/bulk${query}`, { type: 'text/csv', bytes })
        )
      )
    const again = `npm run cli -- import ${context.words[0]} --url http://127.0.0.1:3000`
    const instead = `While a server runs on it, import through the server: ${again}`
    return withApp(context.env, { instead }, (app) =>
      reportFiles(context, (print) =>
        importFiles(context, files, print, app.imports.openSet(onConflict).importCsv)
      )
    )
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

/** Prints the report of each file that `work` imports, and the next steps. Returns the exit code. */
async function reportFiles(
  { output: { print } }: CommandContext,
  work: (print: ReportPrinter) => Promise<void>
): Promise<number> {
  let rejected = 0
  let leftOut = 0
  await work((file, report) => {
    const { count, imported, skipped, conflicts, renumbered } = report
    const skippedConflicts = conflicts - renumbered
    print(
      `${file.name}: ${format(count)} rows: ${format(imported)} imported, ${format(skipped - skippedConflicts)} already there, ` +
        `${format(report.rejected)} rejected` +
        (renumbered > 0 ? `, ${format(renumbered)} under new ids` : '') +
        (skippedConflicts > 0 ? `, ${format(skippedConflicts)} left out: their ids are taken` : '')
    )
    printLines(print, 'rejected', report.errors, report.rejected)
    printLines(print, 'note', report.warnings, report.warnings.length)
    rejected += report.rejected
    leftOut += skippedConflicts
  })
  if (leftOut > 0)
    print(
      'References to ids that are taken now mean other rows. --on-conflict renumber gives such rows new ids.'
    )
  if (rejected > 0) {
    const subject = rejected === 1 ? '1 row was' : `${format(rejected)} rows were`
    print(`${subject} rejected: correct them and import again; the others are in.`)
  }
  return rejected > 0 ? 1 : 0
}

async function importFiles(
  context: CommandContext,
  files: SetFile[],
  print: ReportPrinter,
  importFile: ImportFile
): Promise<void> {
  for (const file of files) {
    const work = withProgress(context, file.name, file.bytes, (read, onRows) =>
      importFile(file.kind, read(file), onRows)
    )
    print(file, await work)
  }
}

/** Sends all files in one request, so that the server can resolve their references. */
async function sendSet(
  context: CommandContext,
  remote: Remote,
  files: SetFile[],
  print: ReportPrinter
): Promise<void> {
  const boundary = `fairlead-${randomUUID()}`
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0)
  const reports = await withProgress(context, 'set', total, (read) => {
    async function* writeForm() {
      for (const file of files) {
        yield `--${boundary}\r\nContent-Disposition: form-data; name="${file.kind}"; filename="${file.name}"\r\n\r\n`
        yield* read(file)
        yield '\r\n'
      }
      yield `--${boundary}--\r\n`
    }
    const body = { type: `multipart/form-data; boundary=${boundary}`, bytes: writeForm() }
    return remote.call<SetReport>('POST', '/sets/bulk?on_conflict=renumber', body)
  })
  for (const file of files) {
    const report = reports[file.kind]
    if (report) print(file, report)
  }
}

type ReadFile = (file: SetFile) => AsyncGenerator<Buffer>

/**
 * Runs `work`, an import, under a progress bar. Its error is a {@link CommandError} that begins with `name`.
 */
async function withProgress<T>(
  { output, signal }: CommandContext,
  name: string,
  bytes: number,
  work: (read: ReadFile, onRows: (count: number) => void) => Promise<T>
): Promise<T> {
  const progress = showProgress(output.progress, name, bytes)
  let done = 0
  let rows = 0
  async function* read({ path }: SetFile) {
    for await (const chunk of createReadStream(path, { signal })) {
      done += chunk.length
      progress.update(done, rows)
      yield chunk as Buffer
    }
  }
  try {
    return await work(read, (count) => {
      rows = count
      progress.update(done, rows)
    })
  } catch (error) {
    if (error instanceof Error && ['ProblemError', 'CommandError'].includes(error.name))
      throw new CommandError(`${name}: ${error.message}`)
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
