import { ApiError } from '#apps/client/api-error.ts'
import { formatBytes } from '#dashboard/admin/figures.ts'
import { UPLOAD_LIMIT } from '#dashboard/core/environment.ts'
import { text } from '#dashboard/core/language.ts'
import { ErrorNote } from '#dashboard/ui/states.tsx'
import { Remarks } from './remarks.tsx'

/** Why an import failed as a whole; conflicts by line. */
export function UploadError({ error }: { error: unknown }) {
  const t = text.value.imports
  if (!(error instanceof ApiError)) {
    // The browser could not read the file.
    return <ErrorNote error={new ApiError({ code: '', status: -1, title: '', detail: t.fileGone })} />
  }
  const lines = error.errors.flatMap(({ path, message }) => {
    const line = Number(/^line (\d+)$/.exec(path)?.[1])
    return line > 0 ? [{ kind: null, line, isError: true, reason: message }] : []
  })
  return (
    <>
      <ErrorNote error={shorten(error, lines.length > 0)} />
      {lines.length > 0 && <Remarks rows={lines} />}
    </>
  )
}

/** The error with a text of its own, or without the lines that are listed below it. */
function shorten(error: ApiError, isListed: boolean): ApiError {
  const t = text.value.imports
  const isLarge = error.status === 413
  if (!isLarge && !isListed) return error
  const limit = UPLOAD_LIMIT > 0 ? formatBytes(UPLOAD_LIMIT) : null
  const detail = isLarge ? t.refusedLarge(limit) : error.detail
  const { code, status, title, requestId } = error
  return new ApiError({ code, status, title, detail, requestId })
}
