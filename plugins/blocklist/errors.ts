import { defineProblem } from '#platform/problem/problem.ts'

const unknown = defineProblem('BLOCKED_HOST_UNKNOWN', 404, 'The host is not blocked')
const invalid = defineProblem('INPUT_INVALID', 422, 'The input is not valid')

export const hostUnknown = (host: string) =>
  unknown(`${host} is not on the list; one from a file is taken off there`)

export const hostUnreadable = () =>
  invalid('host must be a host such as example.com, or .example.com for all beneath it too', {
    errors: [{ path: 'host', message: 'is not a host' }]
  })
