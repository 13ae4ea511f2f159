import { parseCookie, type SetCookie, stringifySetCookie } from 'cookie'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** Cookies as this server sets them: for nobody's scripts, for its own pages, and over https only where there is https. */

/** A cookie of this server, by its name without prefix. */
export interface OwnCookie {
  read(request: FastifyRequest): string | null
  /** Sets it for `maxAgeMs`; 0 takes it away. */
  write(request: FastifyRequest, reply: FastifyReply, value: string, maxAgeMs: number): void
}

/**
 * Takes the cookie's name and the server's own origin where it is known. Over https the name is prefixed `__Host-`: browsers then take it
 * from this very host only, and over https only (RFC 6265bis, 4.1.3.2), so that no neighbour below the same domain can plant one; the bare name is not
 * read there. `SameSite=Lax` keeps it from requests of other sites but for links to here, which change nothing.
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
