import type { FastifySchema, HTTPMethods } from 'fastify'
import { isSafe } from '#platform/net/methods.ts'
import { problemAnswer } from '#schema/shapes/problem.ts'
import type { Access, Requirement } from './index.ts'

/**
 * What OpenAPI says of access: the ways to say who asks, and for each route which of them it takes and how it refuses.
 * All of it comes from `config.access`; an open server asks nobody, and says so.
 */

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

const CHALLENGE = {
  'WWW-Authenticate': {
    type: 'string',
    description: 'What is missing (RFC 6750, section 3)',
    examples: ['Bearer realm="Fairlead", error="invalid_token"']
  }
}

interface Described {
  config?: { access?: Requirement }
  method: HTTPMethods | HTTPMethods[]
}

/**
 * Gives `schema` with what access adds to it on a server of `mode`: `security`, with the scope that the route takes, and
 * the problems 401 and 403. Answers that the route describes itself stay as they are.
 */
export function describeAccess(
  mode: Access['mode'],
  schema: FastifySchema | undefined,
  { config, method }: Described
): FastifySchema {
  const requirement = config?.access ?? 'signed-in'
  const isAsked = mode === 'keys' && requirement !== 'public'
  const roles = requirement === 'signed-in' || requirement === 'public' ? [] : [requirement]
  const reasons = [
    ...(isAsked && roles.length > 0 ? [`the key or the session lacks the scope ${roles.join()}`] : []),
    ...([method].flat().every(isSafe) ? [] : ['a page of another site sent the request'])
  ]
  return {
    ...schema,
    ...(mode === 'keys' && {
      security: isAsked ? Object.keys(SECURITY_SCHEMES).map((name) => ({ [name]: roles })) : []
    }),
    response: {
      ...(isAsked && { 401: problemAnswer('Nobody is known by what was sent', CHALLENGE) }),
      ...(reasons.length > 0 && {
        403: problemAnswer(`Refused: ${reasons.join(', or ')}`, isAsked ? CHALLENGE : undefined)
      }),
      ...(schema?.response as object | undefined)
    }
  }
}
