import { defineProblem } from '#platform/problem.ts'

const unreadable = defineProblem('IMPORT_UNREADABLE', 422, 'The file can not be imported')
const tooLarge = defineProblem('BODY_TOO_LARGE', 413, 'The body is too large')
const unsupported = defineProblem('CONTENT_TYPE_UNSUPPORTED', 415, 'The content type is not supported')
const malformed = defineProblem('BODY_MALFORMED', 400, 'The body is malformed')
const busy = defineProblem('IMPORTS_BUSY', 503, 'Too many imports and exports at once')
const partial = defineProblem('EXPORT_PARTIAL', 403, 'The caller does not see everything')

export const exportPartial = () => partial('Use a key of an administrator')

export const fileEmpty = () => unreadable('The file is empty; its first line must name the columns')

export const columnsMissing = (missing: string[], header: string) =>
  unreadable(`The header lacks ${missing.join(', ')}; the first line must be like ${header}`, {
    errors: missing.map((path) => ({ path, message: 'is required in the header' }))
  })

export const headerUnreadable = (fault: string) => unreadable(`The header can not be read: ${fault}`)

export const fileMissing = () =>
  unreadable('The form has no file in its field "file"', {
    errors: [{ path: 'file', message: 'is required and must be a file' }]
  })

export const notRows = () => malformed('Send a JSON array of objects')

export const uploadBroken = (cause: unknown) =>
  malformed('The upload broke off, or is not the form that its content type says', { cause })

export const fileTooLarge = (limitBytes: number) =>
  tooLarge(
    `The file is larger than ${limitBytes} bytes (BULK_LIMIT_BYTES); rows before that point may be stored: ` +
      'send the rest in parts, what is there already is skipped'
  )

export const importsBusy = () =>
  busy('Too many imports and exports run; try again shortly', { retryAfter: 5 })

export const contentTypeUnsupported = () =>
  unsupported(
    'Send multipart/form-data with a CSV file in the field "file", a text/csv body, or a JSON array of objects'
  )
