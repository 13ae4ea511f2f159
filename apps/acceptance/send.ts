import { type Agent, request as requestHttp } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import type { Answer } from '#testing/app.ts'
import type { HostileRequest } from './hostile.ts'

const DECODERS: Record<string, (body: Buffer) => Buffer> = {
  br: brotliDecompressSync,
  gzip: gunzipSync,
  zstd: zstdDecompressSync
}

/** Sends a request unchanged: unlike fetch, node:http alters neither path nor headers. */
export function send(
  agent: Agent,
  url: string,
  { method, target, headers, body }: HostileRequest
): Promise<Answer> {
  const { hostname, port } = new URL(url)
  const length = body ? { 'content-length': String(body.length) } : {}
  return new Promise((done, fail) => {
    const sent = requestHttp(
      { agent, hostname, port, method, path: target, headers: { ...headers, ...length } },
      async (message) => {
        const received = new Headers(message.headers as Record<string, string>)
        const decode = DECODERS[received.get('content-encoding') ?? ''] ?? ((body) => body)
        // An answer to HEAD names its coding and has no body; an aborted one is incomplete.
        const body = await buffer(message).catch(() => Buffer.alloc(0))
        const content = body.length === 0 ? '' : decode(body).toString()
        const isJson = /json/.test(received.get('content-type') ?? '') && content !== ''
        const json = isJson ? JSON.parse(content) : undefined
        done({ status: message.statusCode ?? 0, headers: received, text: content, json })
      }
    )
    sent.setTimeout(10_000, () => sent.destroy(new Error('no answer within 10 s')))
    sent.on('error', fail)
    sent.end(body ?? undefined)
  })
}
