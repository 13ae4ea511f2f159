import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'

/** Maximum number of bytes to read of a refused body. */
const DRAIN_BYTES = 16 * 1024 * 1024
/** Maximum wait for the next chunk and for the whole body, in milliseconds. */
const IDLE_MS = 1_000
const DRAIN_MS = 10_000

/**
 * Returns a response to a request whose body is not read in full. Closing a connection while the client sends
 * resets it, and a reset can destroy the response at the client. So the stream sends `body` at once and ends
 * after the rest of the request body, or a bounded part of it, has arrived. The connection closes with it
 * (RFC 9112, section 9.6).
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
