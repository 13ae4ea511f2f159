import { type Agent, request as requestHttp } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Answer } from '#testing/app.ts'
import type { HostileRequest } from './hostile.ts'

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
        const content = await text(message).catch(() => '')
        const received = new Headers(message.headers as Record<string, string>)
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
