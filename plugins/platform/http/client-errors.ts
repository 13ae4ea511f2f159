import type { FastifyServerOptions } from 'fastify'
import { http } from '#platform/net/node-http.ts'
import { ProblemError } from '#platform/problem/problem.ts'
import { presentProblem } from './errors.ts'
import { ANSWER_HEADERS } from './request-log.ts'

/** Methods of all our routes, for `Allow` where the path is unknown. */
const METHODS = 'DELETE, GET, HEAD, PATCH, POST, PUT'

/**
 * Fastify's `clientErrorHandler`. What Node's HTTP parser rejects never becomes a request. So this writes a
 * problem to the socket and closes the connection.
 */
export const refuseConnection: NonNullable<FastifyServerOptions['clientErrorHandler']> = (error, socket) => {
  if (error.code === 'ECONNRESET' || !socket.writable) return socket.destroy()
  const packet = String(error.rawPacket)
  const status = statusOf(error.code, packet)
  const title = http.STATUS_CODES[status] ?? 'Bad Request'
  const [code, detail] =
    status === 405
      ? ['METHOD_NOT_ALLOWED', 'The method is not known here']
      : ['REQUEST_MALFORMED', 'The request is not valid HTTP']
  const problem = presentProblem(new ProblemError({ code, status, title }, detail), '/', 'none')
  const body = JSON.stringify(problem)
  const head = [
    `HTTP/1.1 ${status} ${title}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...Object.entries(ANSWER_HEADERS).map(([name, value]) => `${name}: ${value}`),
    ...(status === 405 ? [`Allow: ${METHODS}`] : []),
    'Connection: close'
  ]
  // A client would read a body after HEAD as the next response, despite its length (RFC 9112, section 6.3).
  socket.end(`${head.join('\r\n')}\r\n\r\n${packet.startsWith('HEAD ') ? '' : body}`)
}

function statusOf(code: string | undefined, packet: string): number {
  if (code === 'HPE_HEADER_OVERFLOW') return 431
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 408
  // A method unknown to Node is still a method (RFC 9110, section 15.5.6); anything else is malformed.
  const isRequest = /^[A-Z]{2,32} \S+ HTTP\/1\.[01]\r\n/.test(packet)
  return code === 'HPE_INVALID_METHOD' && isRequest ? 405 : 400
}
