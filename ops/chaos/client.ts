import { Agent, type OutgoingHttpHeaders, request as send } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'

/** An HTTP client with one keep-alive connection. */

export interface Asked {
  method: string
  path: string
  headers: OutgoingHttpHeaders
  body?: string
}

export interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: string
  ms: number
  /** Number of sends: the client repeats a request when its kept connection turns out to be closed. */
  sends: number
}

export interface Client {
  /** Resolves with the answer; rejects with {@link NoAnswer}. */
  ask(asked: Asked): Promise<Answer>
  close(): void
}

/** Thrown when there is no answer; `message` has the reason. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer'
  readonly sends: number

  constructor(message: string, sends: number) {
    super(message)
    this.sends = sends
  }
}

/** The Retry-After of a request that is in progress elsewhere. */
const RETRY_MS = 1_000

/** True if the first request with this Idempotency-Key is still in progress. A repetition gets its answer. */
function isUnderWay({ status, body }: Answer): boolean {
  return status === 409 && body.includes('"IDEMPOTENCY_KEY_IN_USE"')
}

/** Creates a client of the server at `baseUrl` with an answer timeout of `timeoutMs`. */
export function createClient(baseUrl: string, timeoutMs: number): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const { hostname, port } = new URL(baseUrl)

  function once(asked: Asked, signal: AbortSignal, start: number, sends: number): Promise<Answer> {
    return new Promise((done, fail) => {
      const { method, path, headers } = asked
      const isRepeatable = method === 'GET' || headers['idempotency-key'] !== undefined
      const repeat = () => once(asked, signal, start, sends + 1)
      let status = 0
      const sent = send({ agent, hostname, port, method, path, headers, signal }, (response) => {
        status = response.statusCode ?? 0
        text(response).then((body) => {
          const answer = { status, headers: response.headers, body, ms: performance.now() - start, sends }
          if (!isUnderWay(answer)) done(answer)
          else wait(RETRY_MS, undefined, { signal }).then(() => repeat().then(done, fail), onError)
        }, onError)
      })
      sent.once('error', onError).end(asked.body)

      function onError(error: NodeJS.ErrnoException): void {
        const isClosed = sent.reusedSocket && status === 0 && /^(ECONNRESET|EPIPE)$/.test(error.code ?? '')
        // A server may close a kept connection at any time. Clients may then repeat an idempotent request
        // (RFC 9112, 9.3.1).
        if (isClosed && isRepeatable && sends < 3) repeat().then(done, fail)
        else fail(new NoAnswer(signal.aborted ? `none within ${timeoutMs} ms` : error.message, sends))
      }
    })
  }

  return {
    ask: (asked) => once(asked, AbortSignal.timeout(timeoutMs), performance.now(), 1),
    close: () => agent.destroy()
  }
}
