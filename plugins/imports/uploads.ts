import type { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { ProblemError } from '#platform/problem.ts'
import type { ImportReport } from '#schema/shapes/import-report.ts'
import { fileMissing, fileTooLarge, formBroken } from './errors.ts'

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
      const { value: part, done } = await parts.next().catch(failForm)
      if (done) break
      if (part.type !== 'file') continue
      if (part.fieldname !== 'file' || report) part.file.resume()
      else report = await run(limitFile(readForm(part.file), limitBytes))
    }
  } finally {
    request.raw.resume()
  }
  if (!report) throw fileMissing()
  return report
}

/** A form that breaks off is the client's fault, not an error of ours. */
function failForm(error: Error & { statusCode?: number }): never {
  throw error instanceof ProblemError || error.statusCode !== undefined ? error : formBroken(error)
}

async function* readForm(file: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* file
  } catch (error) {
    failForm(error as Error)
  }
}

async function* limitFile(bytes: AsyncIterable<Buffer>, limitBytes: number): AsyncGenerator<Buffer> {
  let seen = 0
  for await (const chunk of bytes) {
    seen += chunk.length
    if (seen > limitBytes) throw fileTooLarge(limitBytes)
    yield chunk
  }
}
