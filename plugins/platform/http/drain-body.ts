import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'

/** Most of a refused body that is read, in bytes. */
const DRAIN_BYTES = 16 * 1024 * 1024
/** The longest wait for more of it, and for all of it, in milliseconds. */
const IDLE_MS = 1_000
const DRAIN_MS = 10_000

/**
 * An answer to a request whose body is not read whole. A connection that closes while the client sends is reset, and a reset can
 * destroy the answer on the client's side. So the answer `body` is sent at once and ends, with the connection, when the rest of
 * the body has arrived, or a bounded part of it (RFC 9112, section 9.6).
 */
export function answerWhileDraining(request: IncomingMessage, body: string): Readable {
  return Readable.from(
    (async function* () {
      yield Buffer.from(body)
      await drain(request)
    })()
  )
}

function drain(request: IncomingMessage): Promise<void> {
  return new Promise((done) => {
    if (request.complete || request.destroyed) {
      done()
      return
    }
    const end = performance.now() + DRAIN_MS
    const timer = setTimeout(finish, IDLE_MS)
    let left = DRAIN_BYTES
    function count({ length }: Buffer): void {
      left -= length
      if (left < 0 || performance.now() > end) finish()
      else timer.refresh()
    }
    function finish(): void {
      clearTimeout(timer)
      request.off('data', count).off('end', finish).off('close', finish)
      done()
    }
    request.on('data', count).on('end', finish).on('close', finish)
    request.resume()
  })
}
