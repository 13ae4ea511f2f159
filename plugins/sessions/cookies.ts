import { parseCookie, type SetCookie, stringifySetCookie } from 'cookie'
import type { FastifyReply, FastifyRequest } from 'fastify'

/**
 * Cookies of this server: hidden from scripts, sent to its own pages, and over https only if it serves https.
 */

/** A cookie of this server, identified by its name without prefix. */
export interface OwnCookie {
  read(request: FastifyRequest): string | null
  /** Sets the cookie for `maxAgeMs`; 0 deletes it. */
  write(request: FastifyRequest, reply: FastifyReply, value: string, maxAgeMs: number): void
}

/**
 * Creates a cookie from its name and the server's own origin, if that is known. Over https the name has the
 * prefix `__Host-`: browsers then accept the cookie from this host only, and over https only (RFC 6265bis,
 * 4.1.3.2), so that a sibling domain can not plant one. The name without prefix is ignored there. With
 * `SameSite=Lax` other sites send it only with links to this server, which change nothing.
 */
export function createCookie(name: string, own: string | undefined): OwnCookie {
  const isSecure = ({ protocol }: FastifyRequest) =>
    protocol === 'https' || own?.startsWith('https:') === true
  const nameFor = (request: FastifyRequest) => (isSecure(request) ? `__Host-${name}` : name)
  return {
    read(request) {
      const { cookie } = request.headers
      return cookie === undefined ? null : (parseCookie(cookie)[nameFor(request)] ?? null)
    },
    write(request, reply, value, maxAgeMs) {
      const cookie: SetCookie = { name: nameFor(request), value, path: '/', httpOnly: true, sameSite: 'lax' }
      const maxAge = Math.floor(maxAgeMs / 1_000)
      reply.header('set-cookie', stringifySetCookie({ ...cookie, secure: isSecure(request), maxAge }))
    }
  }
}
