import { lookup as resolve } from 'node:dns/promises'
import type { IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { isPrivateAddress } from './networks.ts'
import { http } from './node-http.ts'

/**
 * The only way in which this server fetches what somebody else names (OWASP API7, server side request forgery). It reaches the
 * public internet and nothing else: a name is resolved once, every address that it has is checked, and the connection goes to
 * the address that was checked, so that a name which answers differently the next time (DNS rebinding) leads nowhere
 * else. Each redirect is judged like the first URL. No proxy, no cookie, no kept connection.
 */

/** Thrown when something is not fetched, or not to its end; the message says why. */
export class FetchRefused extends Error {
  override readonly name = 'FetchRefused'
}

export interface PublicAnswer {
  /** Where the answer came from, after redirects. */
  url: string
  status: number
  /** The media type and its parameters; empty where none was said. */
  contentType: string
  body: Buffer
  /** Whether there was more than was taken. */
  isCut: boolean
}

/** Gives all addresses of a name. */
export type Lookup = (hostname: string) => Promise<{ address: string }[]>

export interface PublicFetchOptions {
  /** Longest time for all of it: names, redirects and body. */
  timeoutMs: number
  /** Most of a body that is taken. */
  maxBytes: number
  maxRedirects: number
  /** Media types to ask for. */
  accept: string
  /** Ends it early. */
  signal?: AbortSignal
  /** A test may own the name server. */
  lookup?: Lookup
  /** Whether an address may be connected to; a test may own it. */
  permits?: (address: string) => boolean
}

/** Asks the system, as connections do. */
export const lookupAll: Lookup = (hostname) => resolve(hostname, { all: true })

const REDIRECTS = new Set([301, 302, 303, 307, 308])

/** Fetches `url` with GET. Throws {@link FetchRefused}, also for what the network says. */
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
    // It was asked for as it is: what comes packed may be a thousand times as large.
    if ((headers['content-encoding'] ?? 'identity') !== 'identity')
      throw new FetchRefused('the answer is packed')
    const { body, isCut } = await readBody(response, options.maxBytes)
    return { url: url.href, status, contentType: headers['content-type'] ?? '', body, isCut }
  } finally {
    response.destroy()
  }
}

/** The address to connect to. Throws where the host has one that is not public, whichever would be taken. */
async function findAddress(url: URL, options: PublicFetchOptions, ended: AbortSignal): Promise<string> {
  const { permits = (address) => !isPrivateAddress(address) } = options
  const { lookup = lookupAll } = options
  // The parser has made one spelling of all: 0x7f.1, 017700000001 and 2130706433 are 127.0.0.1.
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
  // Asked by the socket in place of the resolver: there is nothing left to ask.
  const lookup: LookupFunction = (_hostname, { all }, done) => {
    if (all) done(null, [{ address, family }])
    else done(null, address, family)
  }
  const send = url.protocol === 'https:' ? requestHttps : http.request
  return new Promise((done, fail) => {
    const headers = { accept, 'accept-encoding': 'identity', 'user-agent': 'Fairlead' }
    // An agent of its own: none that was given a proxy by the environment.
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

/** `work`, unless it is `ended` before; the resolver can not be told to stop. */
async function unless<T>(ended: AbortSignal, work: Promise<T>): Promise<T> {
  const never = wait(2 ** 31 - 1, undefined, { signal: ended, ref: false })
  return Promise.race([work, never.then(() => work)])
}
