import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ProblemError } from '#platform/problem/problem.ts'
import { sendProblem } from './errors.ts'
import { ANSWER_HEADERS } from './request-log.ts'

/** Error pages for browsers: HTML instead of a problem where the client prefers it. */

const STYLE = [
  ':root{color-scheme:light dark;font:1.125rem/1.5 system-ui,sans-serif}',
  'body{max-width:34rem;margin:18vh auto;padding:0 1.5rem}',
  'h1{font-size:1.75rem;line-height:1.2}',
  'small{opacity:.7;overflow-wrap:anywhere}'
].join('')

/** No script, form or frame; the style by its hash (CSP Level 3, section 8.3), and our own favicon. */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'"
].join('; ')

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

/** Sends `problem` as a page to a client that prefers HTML, and as a problem (RFC 9457) to all others. */
export function sendPageOrProblem(problem: ProblemError, request: FastifyRequest, reply: FastifyReply) {
  const vary = reply.getHeader('vary')
  reply.header('vary', vary === undefined ? 'Accept' : `${vary}, Accept`)
  if (!prefersHtml(request.headers.accept)) return sendProblem(problem, request, reply)
  return reply
    .code(problem.statusCode)
    .headers({ ...ANSWER_HEADERS, 'content-security-policy': POLICY, 'x-request-id': request.id })
    .type('text/html; charset=utf-8')
    .send(renderPage(problem, request.id))
}

function renderPage({ title, message }: ProblemError, requestId: string): string {
  const body = `<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(message)}.</p>
<p><small>Request ${escapeHtml(requestId)}</small></p>`
  return renderDocument({ title, body, style: STYLE })
}

/** Renders a page. `body` is HTML. */
export function renderDocument({
  title,
  body,
  style = ''
}: {
  title: string
  body: string
  style?: string
}): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escapeHtml(title)}</title>
${style === '' ? '' : `<style>${style}</style>`}
</head>
<body>
${body}
</body>
</html>
`
}

/** Escapes the five characters with a meaning in HTML text and attributes (HTML, section 13.1.4). */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
