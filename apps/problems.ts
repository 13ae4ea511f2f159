import { problems as access } from '#platform/access/errors.ts'
import { problems as cache } from '#platform/cache/errors.ts'
import { problems as database } from '#platform/database/errors.ts'
import { problems as idempotency } from '#platform/idempotency/errors.ts'
import { problems as limits } from '#platform/limits/errors.ts'
import { problems as requests } from '#platform/problem/errors.ts'
import { defineProblems, type ProblemFactory, type ProblemKind } from '#platform/problem/problem.ts'
import { problems as blocklist } from '#plugins/blocklist/errors.ts'
import { problems as dashboard } from '#plugins/dashboard/errors.ts'
import { problems as events } from '#plugins/events/errors.ts'
import { problems as exports } from '#plugins/exports/errors.ts'
import { problems as imports } from '#plugins/imports/errors.ts'
import { problems as keys } from '#plugins/keys/errors.ts'
import { problems as qr } from '#plugins/qr/errors.ts'
import { problems as redirects } from '#plugins/redirects/errors.ts'
import { problems as sessions } from '#plugins/sessions/errors.ts'
import { problems as tags } from '#plugins/tags/errors.ts'
import { problems as urls } from '#plugins/urls/errors.ts'
import { problems as users } from '#plugins/users/errors.ts'

/** Problems that nginx answers itself (ops/nginx/fairlead.conf.template). */
const proxy = defineProblems({
  TOO_MANY_REQUESTS: [429, 'Too many requests', 'Send the request again after the seconds in Retry-After'],
  UNANSWERED: [
    502,
    'No server answered',
    'Repeat a read soon. For a write, check first if it was done, or use an Idempotency-Key. The status may be 503 or 504'
  ]
})

const ROOMS: Record<string, ProblemFactory>[] = [
  requests,
  access,
  limits,
  idempotency,
  database,
  cache,
  redirects,
  qr,
  urls,
  users,
  events,
  imports,
  exports,
  keys,
  sessions,
  blocklist,
  tags,
  dashboard,
  proxy
]

/** All problems, in the order of docs/errors.md. */
export const PROBLEMS: readonly ProblemKind[] = ROOMS.flatMap((room) =>
  Object.values(room).map(({ kind }) => kind)
)
