import { pipeline, Readable, type Transform } from 'node:stream'
import {
  type BrotliOptions,
  brotliCompress,
  type CompressCallback,
  constants,
  createBrotliCompress,
  createGzip,
  createZstdCompress,
  gzip,
  zstdCompress
} from 'node:zlib'
import { negotiate } from '@fastify/accept-negotiator'
import type { FastifyReply, FastifyRequest } from 'fastify'

type Done = (error?: Error | null, payload?: unknown) => void

/** Node's default quality of 11 takes fifty times as long. */
const BROTLI: BrotliOptions = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }

interface Coding {
  compress(text: string | Buffer, done: CompressCallback): void
  open(): Transform
}

/** In order of preference, which decides where the client has none. */
const CODINGS: Record<string, Coding> = {
  zstd: { compress: (text, done) => zstdCompress(text, done), open: () => createZstdCompress() },
  br: {
    compress: (text, done) => brotliCompress(text, BROTLI, done),
    open: () => createBrotliCompress(BROTLI)
  },
  gzip: { compress: (text, done) => gzip(text, done), open: () => createGzip() }
}

/** A shorter response fits into one packet anyway. */
const MIN_BYTES = 1_024
const COMPRESSIBLE = /json|javascript|xml|^text\//

/**
 * Hook `onSend`: compresses responses of at least 1 KiB, and streams, for clients that accept it. Never
 * fails. BREACH does not apply: no response has both a lasting secret and text of another origin. Writes from
 * other origins are refused, and keys are shown once. The HEAD handler runs after this hook, so it counts the
 * bytes that GET sends (RFC 9110, section 8.6).
 */
export function compressAnswer(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
  done: Done
): void {
  if (!isCompressible(reply, payload)) {
    done(null, payload)
    return
  }
  const vary = reply.getHeader('vary')
  reply.header('vary', vary === undefined ? 'Accept-Encoding' : `${vary}, Accept-Encoding`)
  const accepted = request.headers['accept-encoding']
  const name = accepted === undefined ? null : negotiate(String(accepted), Object.keys(CODINGS))
  const coding = name === null ? undefined : CODINGS[name]
  if (coding === undefined) {
    done(null, payload)
    return
  }
  reply.header('content-encoding', name).removeHeader('content-length')
  if (payload instanceof Readable) done(null, pipeline(payload, coding.open(), ignoreError))
  else coding.compress(payload, done)
}

function isCompressible(reply: FastifyReply, payload: unknown): payload is string | Buffer | Readable {
  if (reply.statusCode >= 400 || reply.hasHeader('content-encoding')) return false
  // A strong entity tag names one sequence of bytes (RFC 9110, section 8.8.3.3).
  if (String(reply.getHeader('etag')).startsWith('"')) return false
  const isText = typeof payload === 'string' || Buffer.isBuffer(payload)
  const isLong = isText ? Buffer.byteLength(payload) >= MIN_BYTES : payload instanceof Readable
  return isLong && COMPRESSIBLE.test(String(reply.getHeader('content-type')))
}

/** The framework handles the error: the pipeline destroys the stream that it sends with that error. */
function ignoreError(): void {}
