import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ImportReport } from '#schema/shapes/import-report.ts'
import { CommandError } from './command.ts'

/**
 * Sends a file to the bulk endpoint of a running server, as it is read, with an API key where it asks for one. Gives the server's report. Node's own client
 * is used because fetch gives up on answers that take longer than five minutes.
 */
export async function postFile(
  base: URL,
  kind: string,
  bytes: AsyncIterable<Buffer>,
  { key, signal }: { key: string | undefined; signal: AbortSignal }
): Promise<ImportReport> {
  const url = new URL(`${base.pathname.replace(/\/$/, '')}/${kind}/bulk`, base)
  const send = url.protocol === 'https:' ? requestHttps : requestHttp
  const headers = { 'content-type': 'text/csv', ...(key && { authorization: `Bearer ${key}` }) }
  const request = send(url, { method: 'POST', headers, signal })
  const answered = new Promise<IncomingMessage>((done, fail) =>
    request.on('response', done).on('error', fail)
  )
  // A server that refuses the file may answer, and stop reading, before all of it is sent.
  const sent = pipeline(Readable.from(bytes, { objectMode: false }), request)
  sent.catch(() => undefined)
  let answer: IncomingMessage
  try {
    answer = await answered
  } catch (error) {
    if (signal.aborted) throw error
    throw new CommandError(`${url} can not be reached: ${(error as Error).message}`)
  }
  const text = (await answer.toArray()).join('')
  if (answer.statusCode === 201) return JSON.parse(text) as ImportReport
  throw new CommandError(`${kind}.csv: the server answered ${answer.statusCode}: ${readDetail(text)}`)
}

function readDetail(text: string): string {
  try {
    return String((JSON.parse(text) as { detail?: unknown }).detail ?? text)
  } catch {
    return text.slice(0, 200)
  }
}
