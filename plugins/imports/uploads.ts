import type { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import type { ImportReport } from '#schema/shapes/import-report.ts'
import { fileMissing, filesLeftOver, fileTooLarge, uploadBroken } from './errors.ts'

/** Files as requests bring them: as the body itself, or as a field of a form. Both are streams, never held whole. */

type Import = (file: AsyncIterable<Buffer>) => Promise<ImportReport>

/**
 * Imports the body of a text/csv request. When the import fails the rest of the body is let go unread: a destroyed
 * request would take the connection along, and the answer with it.
 */
export async function importBody(body: Readable, limitBytes: number, run: Import): Promise<ImportReport> {
  try {
    const bytes = body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>
    return await run(limitFile(bytes, limitBytes))
  } finally {
    body.resume()
  }
}

/**
 * Imports the files of a multipart/form-data request: one in each of `fields` at most, in their order; fields that are no files are left
 * out. Gives the report of each file. Throws IMPORT_UNREADABLE when there is none, or one more.
 */
export async function importForm<Field extends string>(
  request: FastifyRequest,
  limitBytes: number,
  fields: readonly Field[],
  run: (field: Field, file: AsyncIterable<Buffer>) => Promise<ImportReport>
): Promise<Partial<Record<Field, ImportReport>>> {
  const parts = request.parts({ limits: { fileSize: Infinity, files: 10, fields: 100 } })
  const reports: Partial<Record<Field, ImportReport>> = {}
  const leftOver: string[] = []
  let next = 0
  try {
    for (;;) {
      const { value: part, done } = await parts.next().catch(failUpload)
      if (done) break
      if (part.type !== 'file') continue
      const place = fields.indexOf(part.fieldname as Field, next)
      const field = fields[place]
      if (field === undefined) {
        leftOver.push(part.fieldname)
        part.file.resume()
        continue
      }
      reports[field] = await run(field, limitFile(part.file, limitBytes))
      next = place + 1
    }
  } finally {
    // The parser of the form holds back the rest while nobody reads the file: the connection's next request would wait
    // behind it for ever.
    request.raw.unpipe().resume()
  }
  if (next === 0) throw fileMissing(fields)
  if (leftOver.length > 0) throw filesLeftOver(leftOver, fields)
  return reports
}

/** An upload that breaks off is no error of ours, though its code (ECONNRESET) may look like the database's. */
function failUpload(error: Error & { statusCode?: number }): never {
  throw error.statusCode === undefined ? uploadBroken(error) : error
}

async function* limitFile(bytes: AsyncIterable<Buffer>, limitBytes: number): AsyncGenerator<Buffer> {
  let seen = 0
  try {
    for await (const chunk of bytes) {
      seen += chunk.length
      if (seen > limitBytes) throw fileTooLarge(limitBytes)
      yield chunk
    }
  } catch (error) {
    failUpload(error as Error)
  }
}
