import { problems as general } from '#platform/problem/errors.ts'
import { defineProblems } from '#platform/problem/problem.ts'

export const problems = defineProblems({
  BLOCKED_HOST_UNKNOWN: [
    404,
    'The host is not blocked',
    'List the hosts with GET /blocked-hosts; hosts from BLOCKED_HOSTS_FILE are removed in that file'
  ]
})

export const hostUnknown = (host: string) =>
  problems.BLOCKED_HOST_UNKNOWN(`${host} is not on the list; one from a file is taken off there`)

export const hostUnreadable = () =>
  general.INPUT_INVALID('host must be a host such as example.com, or .example.com for all beneath it too', {
    errors: [{ path: 'host', message: 'is not a host' }]
  })
