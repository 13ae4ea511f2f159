import { TIME_RANGE } from '#platform/http/wire-time.ts'
import { defineProblem } from '#platform/problem/problem.ts'

const unknown = defineProblem('URL_UNKNOWN', 404, 'No such url')
const taken = defineProblem('URL_CODE_TAKEN', 409, 'The short code is taken')
const reserved = defineProblem('URL_CODE_RESERVED', 422, 'The short code is reserved')
const spaceFull = defineProblem('URL_CODES_EXHAUSTED', 503, 'No free short code was found')
const refused = defineProblem('URL_TARGET_REFUSED', 422, 'The target is refused')
const invalid = defineProblem('INPUT_INVALID', 422, 'The input is not valid')

export const urlUnknown = (id: number) => unknown(`There is no url ${id}`)

export const codeTaken = (code: string) =>
  taken(`The short code ${code} is taken; choose another, or none to get a random one`, {
    errors: [{ path: 'short_code', message: 'is taken' }]
  })

export const codeReserved = (code: string) =>
  reserved(`${code} is a word of the server's own addresses; choose another`, {
    errors: [{ path: 'short_code', message: 'is reserved' }]
  })

export const targetRefused = (path: string, message: string) =>
  refused(`${path} ${message}; choose another target`, { errors: [{ path, message }] })

export const codesExhausted = () =>
  spaceFull('Every random code tried was taken; try again, or raise CODE_LENGTH', { retryAfter: 1 })

export const targetMissing = () =>
  invalid('url is required', { errors: [{ path: 'url', message: 'is required' }] })

export const targetsDiffer = () =>
  invalid('url and original_url are different targets; send one of them', {
    errors: [{ path: 'original_url', message: 'is another target than url' }]
  })

export const timeUnreadable = (path: string) =>
  invalid(`${path} must be a time such as 2030-01-01T00:00:00, ${TIME_RANGE}`, {
    errors: [{ path, message: `is not a time ${TIME_RANGE}` }]
  })
