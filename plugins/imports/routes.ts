import type { Readable } from 'node:stream'
import multipart from '@fastify/multipart'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { answers } from '#schema/shapes/answers.ts'
import { ImportReport } from '#schema/shapes/import-report.ts'
import { Type } from '#schema/shapes/type.ts'
import { contentTypeUnsupported, fileTooLarge } from './errors.ts'
import { GUARDED_MARK } from './formulas.ts'
import { KIND_ORDER, kinds } from './kinds.ts'
import { importBody, importForm } from './uploads.ts'

/** Largest JSON array, in bytes: unlike files it is parsed as a whole, in memory. */
const JSON_LIMIT_BYTES = 16 * 1024 * 1024

/** `POST /users/bulk`, `/urls/bulk` and `/events/bulk`, in a scope with content types of its own. */
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
