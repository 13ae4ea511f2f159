import { createHmac, timingSafeEqual } from 'node:crypto'
import { parseCookie, stringifySetCookie } from 'cookie'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FailureLimiter } from '#platform/limits/index.ts'
import type { CachedLink } from './cached-link.ts'
import { PASSWORD_NEEDED, PASSWORD_WRONG } from './errors.ts'

/** Passwords of links, which requests prove with a header or with a cookie that the form sets. */

export type LockedLink = CachedLink & { passwordVersion: number }

export interface Lock {
  /** Returns null if the request may follow the link, else the problem. */
  check(link: LockedLink, request: FastifyRequest): Error | null | Promise<null>
  /** Throws LINK_PASSWORD_WRONG, RATE_LIMITED and PASSWORDS_BUSY. */
  prove(link: LockedLink, request: FastifyRequest, password: string): Promise<void>
  /** Sets the cookie that opens the link at the path of the request. */
  open(link: LockedLink, request: FastifyRequest, reply: FastifyReply): void
}

export interface LockOptions {
  /** The same in all replicas. */
  secret: string
  checkPassword(
    guess: { urlId: number; version: number; password: string },
    onTurn: () => void
  ): Promise<boolean>
  /** Null without rate limits. */
  limits: { byAddress: FailureLimiter | null; byLink: FailureLimiter | null }
  /** The path of PUBLIC_URL. */
  publicPath: string
  /** True if PUBLIC_URL is https. */
  isSecure: boolean
}

const COOKIE = 'link_password'
const MAX_AGE_S = 3_600

export function createLock(options: LockOptions): Lock {
  const { secret, checkPassword, publicPath } = options
  const { byAddress, byLink } = options.limits

  /** Binds the cookie to the link, to its password and to the end of its time. */
  function sign({ urlId, passwordVersion }: LockedLink, expires: string): Buffer {
    return createHmac('sha256', secret)
      .update(`link password\n${urlId}\n${passwordVersion}\n${expires}`)
      .digest()
  }

  function hasCookie(link: LockedLink, { headers }: FastifyRequest): boolean {
    if (headers.cookie === undefined) return false
    const [expires = '', signature = ''] = parseCookie(headers.cookie)[COOKIE]?.split('.') ?? []
    if (!/^\d{1,12}$/.test(expires) || Number(expires) * 1_000 <= Date.now()) return false
    const [sent, own] = [Buffer.from(signature, 'base64url'), sign(link, expires)]
    return sent.length === own.length && timingSafeEqual(sent, own)
  }

  function refuseBlocked({ urlId }: LockedLink, request: FastifyRequest): void {
    if (byAddress?.isBlocked(request)) throw byAddress.refuse(request)
    if (byLink?.isBlocked(request, `link:${urlId}`)) throw byLink.refuse(request, `link:${urlId}`)
  }

  async function prove(link: LockedLink, request: FastifyRequest, password: string): Promise<void> {
    const { urlId, passwordVersion: version } = link
    const onTurn = () => refuseBlocked(link, request)
    onTurn()
    if (await checkPassword({ urlId, version, password }, onTurn)) return
    byAddress?.record(request)
    byLink?.record(request, `link:${urlId}`)
    throw PASSWORD_WRONG
  }

  return {
    check(link, request) {
      if (hasCookie(link, request)) return null
      const password = readPassword(request)
      return password === null ? PASSWORD_NEEDED : prove(link, request, password).then(() => null)
    },
    prove,
    open(link, request, reply) {
      const expires = String(Math.floor(Date.now() / 1_000) + MAX_AGE_S)
      const value = `${expires}.${sign(link, expires).toString('base64url')}`
      const cookie = stringifySetCookie({
        name: COOKIE,
        value,
        path: publicPath + pathOf(request.url),
        maxAge: MAX_AGE_S,
        httpOnly: true,
        sameSite: 'lax',
        secure: options.isSecure || request.protocol === 'https'
      })
      reply.header('set-cookie', cookie)
    }
  }
}

/** The path of a URL without a trailing slash: cookies of `/a` are sent to `/a` and `/a/`. */
export function pathOf(url: string): string {
  return url.replace(/\/?(\?.*)?$/s, '')
}

/** Returns the password in the headers of a program: X-Link-Password, or Basic (RFC 7617) with any name. */
function readPassword({ headers }: FastifyRequest): string | null {
  const { authorization, 'x-link-password': sent } = headers
  // Node reads each byte of a header as one character.
  if (typeof sent === 'string') return Buffer.from(sent, 'latin1').toString()
  const [, credentials] = /^basic +([A-Za-z\d+/]+=*) *$/i.exec(authorization ?? '') ?? []
  if (credentials === undefined) return null
  const text = Buffer.from(credentials, 'base64').toString()
  return text.slice(text.indexOf(':') + 1)
}
