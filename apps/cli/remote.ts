import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { Readable } from 'node:stream'
import { json, text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { type CommandContext, CommandError } from './command.ts'

/** The server at `--url`, for files: calls have no time-out, and bodies and answers are streams. */
export interface Remote {
  /**
   * Sends a request and returns the answer, which has a 2xx status. Throws a {@link CommandError} with the
   * server's error, or with the reason why it cannot be reached.
   */
  send(method: string, path: string, body?: RemoteBody): Promise<IncomingMessage>
  /** Sends a request and returns the JSON of the answer. */
  call<T>(method: string, path: string, body?: RemoteBody): Promise<T>
}

export interface RemoteBody {
  type: string
  bytes: AsyncIterable<Buffer | string>
}

/** The option of commands that also work through a running server. */
export const URL_OPTION = {
  url: { type: 'string', value: 'URL', help: 'Running server to use; FAIRLEAD_KEY holds the key' }
} as const

const CONNECT_TIMEOUT_MS = 10_000
/** Maximum length of an answer in an error message. */
const MAX_SHOWN = 300

/**
 * Returns the server of `--url`, or null without it. Throws a {@link CommandError} for an invalid URL or key.
 */
export function openRemote({ options, env, signal }: CommandContext): Remote | null {
  if (options['url'] === undefined) return null
  const { base, key } = readServer(options['url'], env)

  async function send(method: string, path: string, body?: RemoteBody) {
    const url = new URL(`${base.pathname.replace(/\/$/, '')}${path}`, base)
    const headers = { ...(key && { 'x-api-key': key }), ...(body && { 'content-type': body.type }) }
    // Not fetch, because it times out after five minutes without an answer.
    const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, { method, headers, signal })
    const connecting = setTimeout(
      () => request.destroy(new Error('no connection in 10 s')),
      CONNECT_TIMEOUT_MS
    )
    request.once('socket', (socket) => {
      // A kept-alive connection has no connect event.
      if (!socket.connecting) clearTimeout(connecting)
      socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () => clearTimeout(connecting))
      // Detects a server that died while the client waits for its answer.
      socket.setKeepAlive(true, 30_000)
    })
    const answered = new Promise<IncomingMessage>((done, fail) => {
      request.once('response', done).once('error', fail)
    })
    // A server may answer early and stop reading, so a broken pipe is no error here.
    if (body) pipeline(Readable.from(body.bytes, { objectMode: false }), request).catch(() => undefined)
    else request.end()
    const answer = await answered
      .catch((error: NodeJS.ErrnoException) => {
        if (signal.aborted) throw error
        throw new CommandError(
          `${url.origin} can not be reached: ${toLine(error.message || `${error.code}`)}`
        )
      })
      .finally(() => clearTimeout(connecting))
    const { statusCode = 0 } = answer
    if (statusCode >= 200 && statusCode < 300) return answer
    throw new CommandError(`The server answered ${statusCode}: ${await describe(answer)}`)
  }

  return {
    send,
    async call<T>(method: string, path: string, body?: RemoteBody) {
      const answer = await send(method, path, body)
      return (await json(answer).catch(() => {
        throw new CommandError(`${base.origin} is not a Fairlead server`)
      })) as T
    }
  }
}

/** Reads the address and key of a server. Throws a {@link CommandError} if one is invalid. */
export function readServer(url: string, env: CommandContext['env']): { base: URL; key: string | undefined } {
  const base = URL.parse(url)
  if (!base || !/^https?:$/.test(base.protocol)) throw new CommandError(`${url} is not an http or https URL`)
  const key = env['FAIRLEAD_KEY']?.trim()
  if (key && !/^[\x21-\x7e]+$/.test(key)) throw new CommandError('FAIRLEAD_KEY is not a key')
  return { base, key }
}

/** Returns the server's error in one line. */
async function describe(answer: IncomingMessage): Promise<string> {
  const { location } = answer.headers
  const said = await text(answer).catch(() => '')
  if (location) return toLine(`it redirects to ${location}; give --url that address`)
  try {
    return toLine(String((JSON.parse(said) as { detail?: unknown }).detail ?? said))
  } catch {
    return toLine(said)
  }
}

const toLine = (said: string) => said.slice(0, MAX_SHOWN).replace(/\s+/g, ' ').trim()
