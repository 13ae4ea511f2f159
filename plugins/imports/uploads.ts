import type { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import type { ImportReport } from '#schema/shapes/import-report.ts'
import { fileMissing, filesLeftOver, fileTooLarge, uploadBroken } from './errors.ts'

/** Uploaded files: the body itself, or a field of a form. Both are streams and are never held whole. */

type Import = (file: AsyncIterable<Buffer>) => Promise<ImportReport>

/**
 * Imports the body of a text/csv request. If the import fails, the rest of the body is discarded: destroying
 * the request would close the connection before the response is sent.
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
 * Imports the files of a multipart/form-data request: at most one in each of `fields`, in their order. Fields
 * that are no files are ignored. Returns the report of each file. Throws IMPORT_UNREADABLE if there is no
 * file, or a file too many.
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
    // The form's parser stops reading until the file is consumed, which would block the connection's next
    // request.
    request.raw.unpipe().resume()
  }
  if (next === 0) throw fileMissing(fields)
  if (leftOver.length > 0) throw filesLeftOver(leftOver, fields)
  return reports
}

/** An aborted upload is no server error, though its code (ECONNRESET) may look like a database error. */
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
