import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import multipart from '@fastify/multipart'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { reachOf } from '#platform/access/caller.ts'
import { answers } from '#schema/shapes/answers.ts'
import { ImportReport } from '#schema/shapes/import-report.ts'
import { Problem } from '#schema/shapes/problem.ts'
import { type Static, Type } from '#schema/shapes/type.ts'
import { contentTypeUnsupported, exportPartial, fileTooLarge } from './errors.ts'
import { GUARDED_MARK } from './formulas.ts'
import { KIND_ORDER, type KindName, kinds } from './kinds.ts'
import type { ImportService } from './service.ts'
import { importBody, importForm } from './uploads.ts'

/** Largest JSON array, in bytes: unlike files it is parsed as a whole, in memory. */
const JSON_LIMIT_BYTES = 16 * 1024 * 1024

/** A client that reads nothing of an export for this long is cut off. */
const STALLED_MS = 60_000

/** `POST` and `GET` of `/users/bulk`, `/urls/bulk` and `/events/bulk`, in a scope with content types of its own. */
export async function importRoutes(app: FastifyInstance, { limitBytes }: { limitBytes: number }) {
  await app.register(multipart)
  app.addContentTypeParser('text/csv', (_request, body, done) => done(null, body))
  app.addContentTypeParser('*', (_request, _body, done) => done(contentTypeUnsupported()))

  // What is announced as too large is refused before it is sent; the rest is counted as it comes.
  app.addHook('onRequest', async (request) => {
    // A form has some bytes around its file.
    const announced = Number(request.headers['content-length'] ?? 0) - 4_096
    if (announced > limitBytes) throw fileTooLarge(limitBytes)
  })

  for (const name of KIND_ORDER) {
    app.post(
      `/${name}/bulk`,
      {
        bodyLimit: Math.min(JSON_LIMIT_BYTES, limitBytes),
        // The body's schema is for readers; rows are judged one by one, and told in the report.
        validatorCompiler: () => () => true,
        // Rows that are there are skipped: a repeated import changes nothing.
        config: { access: 'imports:write', idempotency: 'nature', limit: 'bulk' },
        schema: {
          tags: ['imports'],
          summary: `Import ${name} from CSV or JSON`,
          description: describe(name),
          body: bodies,
          response: answers(201, ImportReport, 400, 413, 415, 422, 503)
        }
      },
      async function onImport(request, reply) {
        const report = await importRequest(request)
        return reply.code(201).send(report)
      }
    )

    app.get(
      `/${name}/bulk`,
      {
        config: { access: `${name}:read`, limit: 'bulk' },
        schema: {
          tags: ['imports'],
          summary: `Export ${name} as CSV`,
          description: `All ${name}, as an import reads them. For callers that see everything.`,
          querystring: ExportQuery,
          response: { ...answers(422, Problem, 503), 200: csv }
        }
      },
      async function onExport({ caller, query }, reply) {
        if (reachOf(caller) !== 'all') throw exportPartial()
        const file = await openExport(app.imports, name, (query as ExportQuery).for === 'spreadsheet')
        // Else the database is slow, not the client.
        reply.raw.setTimeout(STALLED_MS, () => reply.raw.writableNeedDrain && reply.raw.destroy())
        reply.header('content-disposition', `attachment; filename="${name}.csv"`)
        return reply.type('text/csv; charset=utf-8').send(file)
      }
    )

    async function importRequest(request: FastifyRequest) {
      const run = (file: AsyncIterable<Buffer>) => app.imports.importCsv(name, file)
      if (request.isMultipart()) return importForm(request, limitBytes, run)
      const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
      if (type === 'text/csv') return importBody(request.body as Readable, limitBytes, run)
      if (type === undefined) throw contentTypeUnsupported()
      return app.imports.importJson(name, request.body)
    }
  }
}

/** Resolves when the export has begun; what fails after that breaks the answer off. */
function openExport({ exportCsv }: ImportService, name: KindName, isGuarded: boolean): Promise<Readable> {
  return new Promise((begin, fail) => {
    const write = (_name: KindName, text: AsyncIterable<string>) => {
      const file = Readable.from(text)
      begin(file)
      return finished(file)
    }
    exportCsv(write, { isGuarded, only: [name] }).catch(fail)
  })
}

const ExportQuery = Type.Object({
  for: Type.Optional(
    Type.Literal('spreadsheet', { description: 'No cell is a formula; an import reads such a file too' })
  )
})
type ExportQuery = Static<typeof ExportQuery>

const csv = {
  description: 'The file',
  content: { 'text/csv': { schema: Type.String() } }
}

const bodies = {
  content: {
    'multipart/form-data': {
      schema: Type.Object({ file: Type.String({ format: 'binary', description: 'The CSV file' }) })
    },
    'text/csv': { schema: Type.String() },
    'application/json': { schema: Type.Array(Type.Object({}, { additionalProperties: true })) }
  }
}

function describe(name: keyof typeof kinds): string {
  const columns = kinds[name].columns
  const usual = columns.filter(({ isExtra }) => !isExtra).map((column) => column.name)
  const extra = columns.filter(({ isExtra }) => isExtra).map((column) => column.name)
  return [
    `Columns, in any order: ${usual.join(', ')}`,
    ...(extra.length > 0 ? [` (and, if need be, ${extra.join(', ')})`] : []),
    '. Rows whose id is there are skipped; a row that can not be read is reported while the others land.',
    ` A file with a column ${GUARDED_MARK} is one that was exported for spreadsheets: the apostrophes that keep its cells from`,
    ' being formulas are taken off.'
  ].join('')
}
