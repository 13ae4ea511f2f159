import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ProblemError } from '#platform/problem/problem.ts'
import { sendProblem } from './errors.ts'
import { createFrame, escapeHtml } from './frame.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** True if errors are pages for clients that prefer HTML. Routes with `hot` have them too. */
    sendsPages?: boolean
  }
}

/** Error pages for browsers: HTML instead of a problem where the client prefers it. */

const TYPES = {
  html: ['text/html', 'text/*', '*/*'],
  problem: ['application/problem+json', 'application/*', '*/*'],
  json: ['application/json', 'application/*', '*/*']
}

/**
 * True if `accept` (RFC 9110, section 12.5.1) names `text/html` or `text/*` and weights it above both
 * `application/problem+json` and `application/json`, as browsers do. The most specific range of each type
 * counts. Ranges with a malformed weight, and parameters other than `q`, are ignored.
 */
export function prefersHtml(accept: string | undefined): boolean {
  if (accept === undefined || !/text\/(html|\*)/i.test(accept)) return false
  const weights = new Map<string, number>()
  for (const range of accept.toLowerCase().split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim())
    const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? '1'
    if (/^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(weight))
      weights.set(type, Math.max(weights.get(type) ?? 0, Number(weight)))
  }
  const weigh = (ranges: readonly string[]) =>
    weights.get(ranges.find((range) => weights.has(range)) ?? '') ?? 0
  return weigh(TYPES.html) > Math.max(weigh(TYPES.problem), weigh(TYPES.json))
}

/** Adds names to the `Vary` header of the answer. */
export function addVary(reply: FastifyReply, names: string): void {
  const vary = reply.getHeader('vary')
  reply.header('vary', vary === undefined ? names : `${vary}, ${names}`)
}

const sendPage = createFrame()

/** Sends `problem` as a page to a client that prefers HTML, and as a problem (RFC 9457) to all others. */
export function sendPageOrProblem(problem: ProblemError, request: FastifyRequest, reply: FastifyReply) {
  addVary(reply, 'Accept')
  if (!prefersHtml(request.headers.accept)) return sendProblem(problem, request, reply)
  const { statusCode: status, title, message } = problem
  const body = `<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(message)}.</p>
<p><small>Request ${escapeHtml(request.id)}</small></p>`
  return sendPage(request, reply, { status, language: 'en', title, body })
}
