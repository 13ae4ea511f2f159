import { Readable } from 'node:stream'
import multipart from '@fastify/multipart'
import type { FastifyInstance, FastifyRequest, FastifySchemaCompiler } from 'fastify'
import { ownerFilterOf } from '#platform/access/caller.ts'
import { GUARDED_MARK } from '#schema/shapes/csv.ts'
import {
  ImportQuery,
  ImportReport,
  JSON_LIMIT_BYTES,
  type OnConflict,
  SetReport
} from '#schema/shapes/import-report.ts'
import { type Static, Type } from '#schema/shapes/type.ts'
import type { KindName } from './contract.ts'
import { contentTypeUnsupported, exportPartial, fileTooLarge, notSet } from './errors.ts'
import { type Column, KIND_ORDER, type Kind } from './kinds.ts'
import type { ImportService, ImportSet } from './service.ts'
import { describeExport, describeFile, SET_BODY } from './shapes.ts'
import { importBody, importForm } from './uploads.ts'

/** One request with all three files of a set. */
const SET_PATH = '/sets/bulk'

/** An export closes the connection of a client that reads nothing for this long. */
const STALLED_MS = 60_000

/**
 * `POST` and `GET` of `/users/bulk`, `/urls/bulk` and `/events/bulk`, and `POST /sets/bulk` for all three.
 * Register it in its own scope, because it adds content type parsers.
 */
export async function importRoutes(app: FastifyInstance, { limitBytes }: { limitBytes: number }) {
  const { kinds } = app.imports
  await app.register(multipart)
  app.addContentTypeParser('text/csv', (_request, body, done) => done(null, body))
  app.addContentTypeParser('*', (_request, _body, done) => done(contentTypeUnsupported()))

  // Reject an announced size above the limit before the upload; count the other bytes as they arrive.
  app.addHook('onRequest', function refuseTooLarge({ headers, routeOptions }, _reply, done) {
    // Allow for the boundaries and headers of the form around its file.
    const announced = Number(headers['content-length'] ?? 0) - 4_096
    const files = routeOptions.url === SET_PATH ? KIND_ORDER.length : 1
    done(announced > files * limitBytes ? fileTooLarge(limitBytes) : undefined)
  })

  const compileQuery = app.validatorCompiler as FastifySchemaCompiler<unknown>
  const importing = {
    // The body's schema is only documentation: the import validates each row and reports the errors.
    validatorCompiler: ((part) =>
      part.httpPart === 'body' ? () => true : compileQuery(part)) as FastifySchemaCompiler<unknown>,
    // Existing rows are skipped, so a repeated import changes nothing.
    config: { access: 'imports:write', idempotency: 'nature', limit: 'bulk' }
  } as const
  const conflictOf = ({ query }: FastifyRequest) => (query as ImportQuery).on_conflict ?? 'skip'

  app.post(
    SET_PATH,
    {
      ...importing,
      bodyLimit: Math.min(JSON_LIMIT_BYTES, limitBytes),
      schema: {
        tags: ['imports'],
        operationId: 'importSet',
        summary: 'Import users, urls and events from CSV or JSON as one set',
        description: [
          'A form with the files in its fields `users`, `urls` and `events`, in this order, or a JSON object with the arrays; any may be',
          'missing. With `on_conflict=renumber` the references inside the set follow the new ids.'
        ].join(' '),
        querystring: ImportQuery,
        body: SET_BODY,
        response: { 201: SetReport },
        problems: ['IMPORT_UNREADABLE', 'IMPORT_CONFLICT', 'IMPORTS_BUSY']
      }
    },
    async function onImportSet(request, reply) {
      const set = app.imports.openSet(conflictOf(request))
      const reports = request.isMultipart()
        ? await importForm(request, limitBytes, KIND_ORDER, set.importCsv)
        : await importLists(request, set)
      return reply.code(201).send(reports)
    }
  )

  for (const name of KIND_ORDER) {
    app.post(
      `/${name}/bulk`,
      {
        ...importing,
        bodyLimit: Math.min(JSON_LIMIT_BYTES, limitBytes),
        schema: {
          tags: ['imports'],
          operationId: `import${capitalize(name)}`,
          summary: `Import ${name} from CSV or JSON`,
          description: describe(kinds[name]),
          querystring: ImportQuery,
          body: describeFile(name),
          response: { 201: ImportReport },
          problems: ['IMPORT_UNREADABLE', 'IMPORT_CONFLICT', 'IMPORTS_BUSY']
        }
      },
      async function onImport(request, reply) {
        const report = await importRequest(request, conflictOf(request))
        return reply.code(201).send(report)
      }
    )

    app.get(
      `/${name}/bulk`,
      {
        config: { access: `${name}:read`, limit: 'bulk' },
        schema: {
          tags: ['imports'],
          operationId: `export${capitalize(name)}`,
          summary: `Export ${name} as CSV`,
          description: `All ${name}, as an import reads them. For callers that see everything.`,
          querystring: ExportQuery,
          response: { 200: describeExport(name) },
          problems: ['EXPORT_PARTIAL', 'IMPORTS_BUSY']
        }
      },
      async function onExport({ caller, query }, reply) {
        if (ownerFilterOf(caller) !== 'all') throw exportPartial()
        const file = await openExport(app.imports, name, (query as ExportQuery).for === 'spreadsheet')
        // Without pending output the database is slow, not the client.
        reply.raw.setTimeout(STALLED_MS, () => reply.raw.writableNeedDrain && reply.raw.destroy())
        reply.header('content-disposition', `attachment; filename="${name}.csv"`)
        return reply.type('text/csv; charset=utf-8').send(file)
      }
    )

    async function importRequest(request: FastifyRequest, onConflict: OnConflict) {
      const set = app.imports.openSet(onConflict)
      const run = (file: AsyncIterable<Buffer>) => set.importCsv(name, file)
      if (request.isMultipart())
        return (await importForm(request, limitBytes, ['file'], (_field, file) => run(file))).file
      const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
      if (type === 'text/csv') return importBody(request.body as Readable, limitBytes, run)
      if (type === undefined) throw contentTypeUnsupported()
      return set.importJson(name, request.body)
    }
  }
}

/** Resolves when the export has begun; a later error aborts the response. */
function openExport({ exportCsv }: ImportService, name: KindName, isGuarded: boolean): Promise<Readable> {
  return new Promise((begin, fail) => {
    const write = (_name: KindName, text: AsyncIterable<string>) =>
      new Promise<void>((done, refuse) => {
        const file = Readable.from(untilExported(text, done, refuse))
        // If the client disconnects before the first byte, the generator never runs; close ends the export.
        begin(file.once('close', done))
      })
    const exported = exportCsv(write, { isGuarded, only: [name] })
    exported.catch(fail)

    async function* untilExported(
      text: AsyncIterable<string>,
      done: () => void,
      refuse: (error: unknown) => void
    ) {
      try {
        yield* text
      } catch (error) {
        refuse(error)
        throw error
      } finally {
        done()
      }
      // Release the export before the client sees its end, because the client may then start the next one.
      await exported
    }
  })
}

const capitalize = (name: string) => name.charAt(0).toUpperCase() + name.slice(1)

const ExportQuery = Type.Object({
  for: Type.Optional(
    Type.Literal('spreadsheet', { description: 'No cell is a formula; an import reads such a file too' })
  )
})
type ExportQuery = Static<typeof ExportQuery>

async function importLists({ headers, body }: FastifyRequest, set: ImportSet): Promise<SetReport> {
  if (!/^application\/json\b/i.test(headers['content-type'] ?? '')) throw contentTypeUnsupported()
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw notSet()
  const reports: SetReport = {}
  for (const name of KIND_ORDER)
    if (name in body) reports[name] = await set.importJson(name, (body as Record<string, unknown>)[name])
  return reports
}

function describe({ columns }: Kind): string {
  const list = (wanted: (column: Column) => boolean) =>
    columns
      .filter(wanted)
      .map(({ name }) => name)
      .join(', ')
  const optional = list(({ isRequired, isExtra }) => !isRequired && !isExtra)
  const extra = list(({ isExtra }) => isExtra === true)
  return [
    `Columns, in any order: ${list(({ isRequired }) => isRequired === true)}; optional: ${optional}`,
    ...(extra === '' ? [] : [` (and, if need be, ${extra})`]),
    '. A missing id, code or time is made. Commas, semicolons or tabs; UTF-8 or UTF-16. Rows that are there are skipped; a row that can',
    ' not be read is reported while the others land. A row whose id a different row has is reported, and `on_conflict` says what becomes',
    ' of it; references to a row with a new id follow in `POST /sets/bulk` only.',
    ` A file with a column ${GUARDED_MARK} is one that was exported for spreadsheets: the apostrophes that keep its cells from`,
    ' being formulas are taken off.'
  ].join('')
}
