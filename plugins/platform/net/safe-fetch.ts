import { lookup as resolve } from 'node:dns/promises'
import type { IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { isPrivateAddress } from './networks.ts'
import { http } from './node-http.ts'

/**
 * The only function with which the server fetches URLs that clients supply (OWASP API7, server side request
 * forgery). It connects to the public internet only. It resolves a name once, checks every address, and
 * connects to a checked address. A name that resolves differently the next time (DNS rebinding) therefore has
 * no effect. Each redirect is checked like the first URL. Requests use no proxy, cookies or kept connections.
 */

/** Thrown when a fetch is refused or fails. The message says why. */
export class FetchRefused extends Error {
  override readonly name = 'FetchRefused'
}

export interface PublicAnswer {
  /** The URL of the response, after redirects. */
  url: string
  status: number
  /** The media type and its parameters; empty if the response has none. */
  contentType: string
  body: Buffer
  /** True if the body was longer than `maxBytes`. */
  isCut: boolean
}

/** Returns all addresses of a name. */
export type Lookup = (hostname: string) => Promise<{ address: string }[]>

export interface PublicFetchOptions {
  /** Timeout of the whole fetch: name resolution, redirects and body. */
  timeoutMs: number
  /** Maximum number of body bytes to read. */
  maxBytes: number
  maxRedirects: number
  /** The `Accept` header. */
  accept: string
  /** Aborts the fetch. */
  signal?: AbortSignal
  /** Replaces the resolver in tests. */
  lookup?: Lookup
  /** True if an address may be connected to. Tests replace it. */
  permits?: (address: string) => boolean
}

/** Resolves names with the system's resolver, as sockets do. */
export const lookupAll: Lookup = (hostname) => resolve(hostname, { all: true })

const REDIRECTS = new Set([301, 302, 303, 307, 308])

/** Fetches `url` with GET. Throws {@link FetchRefused}, also for network errors. */
export async function safeFetch(url: string, options: PublicFetchOptions): Promise<PublicAnswer> {
  const { timeoutMs, maxRedirects } = options
  const ended = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(options.signal ? [options.signal] : [])])
  try {
    let next = url
    for (let redirects = 0; ; redirects++) {
      const answer = await fetchOnce(readUrl(next), options, ended)
      if ('body' in answer) return answer
      if (redirects === maxRedirects) throw new FetchRefused('there are too many redirects')
      next = answer.location
    }
  } catch (error) {
    if (error instanceof FetchRefused) throw error
    throw new FetchRefused(ended.aborted ? 'it takes too long' : (error as Error).message, { cause: error })
  }
}

function readUrl(text: string): URL {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) throw new FetchRefused('it is no http or https URL')
  if (url.username !== '' || url.password !== '') throw new FetchRefused('it holds credentials')
  return url
}

type Hop = { location: string } | PublicAnswer

async function fetchOnce(url: URL, options: PublicFetchOptions, ended: AbortSignal): Promise<Hop> {
  const address = await findAddress(url, options, ended)
  const response = await connect(url, address, options.accept, ended)
  try {
    const { statusCode: status = 0, headers } = response
    if (REDIRECTS.has(status) && headers.location !== undefined) {
      const location = URL.parse(headers.location, url.href)
      if (location === null) throw new FetchRefused('a redirect leads nowhere')
      return { location: location.href }
    }
    // The request allows no compression: a compressed body may expand a thousandfold.
    if ((headers['content-encoding'] ?? 'identity') !== 'identity')
      throw new FetchRefused('the answer is packed')
    const { body, isCut } = await readBody(response, options.maxBytes)
    return { url: url.href, status, contentType: headers['content-type'] ?? '', body, isCut }
  } finally {
    response.destroy()
  }
}

/** Returns the address to connect to. Throws if any address of the host is not public. */
async function findAddress(url: URL, options: PublicFetchOptions, ended: AbortSignal): Promise<string> {
  const { permits = (address) => !isPrivateAddress(address) } = options
  const { lookup = lookupAll } = options
  // The URL parser has normalised the host: 0x7f.1, 017700000001 and 2130706433 are 127.0.0.1.
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const found = isIP(host) > 0 ? [{ address: host }] : await unless(ended, lookup(host))
  const [first] = found
  if (first === undefined) throw new FetchRefused('the name has no address')
  if (!found.every(({ address }) => permits(address)))
    throw new FetchRefused('it leads into a private network')
  return first.address
}

function connect(url: URL, address: string, accept: string, signal: AbortSignal): Promise<IncomingMessage> {
  const family = isIP(address)
  // The socket uses the checked address and does not resolve the name again.
  const lookup: LookupFunction = (_hostname, { all }, done) => {
    if (all) done(null, [{ address, family }])
    else done(null, address, family)
  }
  const send = url.protocol === 'https:' ? requestHttps : http.request
  return new Promise((done, fail) => {
    const headers = { accept, 'accept-encoding': 'identity', 'user-agent': 'Fairlead' }
    // Without the global agent, which may use a proxy from the environment.
    const request = send(url, { agent: false, lookup, signal, headers, maxHeaderSize: 16_384 })
    request.once('response', done)
    request.on('error', fail)
    request.end()
  })
}

async function readBody(response: IncomingMessage, maxBytes: number) {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    size += chunk.length
    if (size > maxBytes) break
  }
  return { body: Buffer.concat(chunks).subarray(0, maxBytes), isCut: size > maxBytes }
}

/** Settles as `work` does, or rejects when `ended` aborts. The resolver itself cannot be cancelled. */
async function unless<T>(ended: AbortSignal, work: Promise<T>): Promise<T> {
  const never = wait(2 ** 31 - 1, undefined, { signal: ended, ref: false })
  return Promise.race([work, never.then(() => work)])
}
