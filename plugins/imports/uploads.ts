import type { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import type { ImportReport } from '#schema/shapes/import-report.ts'
import { fileMissing, fileTooLarge, uploadBroken } from './errors.ts'

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

/** Imports the file in the field `file` of a multipart/form-data request; other fields are left out. */
export async function importForm(
  request: FastifyRequest,
  limitBytes: number,
  run: Import
): Promise<ImportReport> {
  const parts = request.parts({ limits: { fileSize: Infinity, files: 10, fields: 100 } })
  let report: ImportReport | undefined
  try {
    for (;;) {
      const { value: part, done } = await parts.next().catch(failUpload)
      if (done) break
      if (part.type !== 'file') continue
      if (part.fieldname !== 'file' || report) part.file.resume()
      else report = await run(limitFile(part.file, limitBytes))
    }
  } finally {
    // The parser of the form holds back the rest while nobody reads the file: the connection's next request would wait
    // behind it for ever.
    request.raw.unpipe().resume()
  }
  if (!report) throw fileMissing()
  return report
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
