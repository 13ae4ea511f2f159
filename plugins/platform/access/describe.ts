import type { FastifySchema, RouteOptions } from 'fastify'
import type { Access } from './index.ts'

/** The cookie of a session; over https it is prefixed `__Host-`. See plugins/sessions. */
export const SESSION_COOKIE = 'fairlead_session'

/** OpenAPI 3.1, "Security Scheme Object". */
export const SECURITY_SCHEMES = {
  bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'fl_<id>_<secret>', description: 'An API key' },
  header: { type: 'apiKey', in: 'header', name: 'X-Api-Key', description: 'An API key' },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: SESSION_COOKIE,
    description:
      'From `POST /session`; prefixed `__Host-` over https. What changes something must come from a page of this server'
  }
} as const

/** Returns `schema` with the `security` of a route and its scope. An open server needs no credentials. */
export function describeAccess(
  mode: Access['mode'],
  schema: FastifySchema | undefined,
  { config }: Pick<RouteOptions, 'config'>
): FastifySchema {
  const requirement = config?.access ?? 'signed-in'
  if (mode === 'open' || requirement === 'public') return { ...schema, security: [] }
  const roles = requirement === 'signed-in' ? [] : [requirement]
  return { ...schema, security: Object.keys(SECURITY_SCHEMES).map((name) => ({ [name]: roles })) }
}
