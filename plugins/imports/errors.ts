import { problems as general } from '#platform/problem/errors.ts'
import { defineProblems } from '#platform/problem/problem.ts'

export const problems = defineProblems({
  IMPORT_UNREADABLE: [
    422,
    'The file can not be imported',
    'Correct the file or the form as `detail` says; the first line of a file names its columns'
  ],
  IMPORTS_BUSY: [
    503,
    'Too many imports and exports at once',
    'Send the request again after the seconds in Retry-After'
  ],
  IMPORT_CONFLICT: [
    409,
    'Rows have ids that different rows have',
    'Import again with `on_conflict=skip` or `on_conflict=renumber`'
  ],
  EXPORT_PARTIAL: [403, 'The caller does not see everything', 'Use a key of an administrator']
})

export const exportPartial = () => problems.EXPORT_PARTIAL('Use a key of an administrator')

export const fileEmpty = () =>
  problems.IMPORT_UNREADABLE('The file is empty; its first line must name the columns')

/** For rows whose id belongs to a different row, each with its line. */
export const idsTaken = (rows: { line: number; reason: string }[]) =>
  problems.IMPORT_CONFLICT(
    `${rows.length === 1 ? '1 row has' : `${rows.length} rows have`} the id of a different row, the first in line ${rows[0]?.line}: ` +
      `${rows[0]?.reason}. Rows before may be stored; import again with on_conflict skip or renumber`,
    { errors: rows.slice(0, 1_000).map(({ line, reason }) => ({ path: `line ${line}`, message: reason })) }
  )

/** For a set with more new ids than fit in memory. */
export const tooManyNewIds = (kind: string, max: number) =>
  problems.IMPORT_CONFLICT(
    `More than ${max} ${kind} of this set get a new id or are rejected; rows before that point may be stored. ` +
      'Split the set into smaller ones, or import with on_conflict=skip'
  )

export const columnsMissing = (missing: string[], header: string) =>
  problems.IMPORT_UNREADABLE(
    `The header lacks ${missing.join(', ')}; the first line must name at least ${header}`,
    {
      errors: missing.map((path) => ({ path, message: 'is required in the header' }))
    }
  )

export const headerUnreadable = (fault: string) =>
  problems.IMPORT_UNREADABLE(`The header can not be read: ${fault}`)

/** For a form without a file in any of `fields`. */
export const fileMissing = (fields: readonly string[]) =>
  problems.IMPORT_UNREADABLE(`The form has no file in its field "${fields.join('", "')}"`, {
    errors: fields.map((path) => ({ path, message: 'is required and must be a file' }))
  })

/** For files of a form that the server did not read. */
export const filesLeftOver = (names: string[], fields: readonly string[]) =>
  problems.IMPORT_UNREADABLE(
    `The form has more files than are read: ${names.join(', ')}. Send one file each in ${fields.join(', ')}, in this order; ` +
      'those before are stored',
    { errors: names.map((path) => ({ path, message: 'is one file too many, or comes too late' })) }
  )

export const notSet = () => general.BODY_MALFORMED('Send a JSON object with arrays of users, urls and events')

export const notRows = () => general.BODY_MALFORMED('Send a JSON array of objects')

export const uploadBroken = (cause: unknown) =>
  general.BODY_MALFORMED('The upload broke off, or is not the form that its content type says', { cause })

export const fileTooLarge = (limitBytes: number) =>
  general.BODY_TOO_LARGE(
    `The file is larger than ${limitBytes} bytes (BULK_LIMIT_BYTES); rows before that point may be stored: ` +
      'send the rest in parts, what is there already is skipped'
  )

export const importsBusy = () =>
  problems.IMPORTS_BUSY('Too many imports and exports run; try again shortly', { retryAfter: 5 })

export const contentTypeUnsupported = () =>
  general.CONTENT_TYPE_UNSUPPORTED(
    'Send multipart/form-data with a CSV file in the field "file", a text/csv body, or a JSON array of objects'
  )
