import type { Answer } from '#testing/app.ts'
import type { Operation } from './openapi.ts'
import { findFaults } from './subject.ts'

/** Checks answers against the description: every answer to any request must be a described one. */

export interface Asked {
  method: string
  /** Includes the query. */
  target: string
  headers?: Record<string, string>
}

/** Statuses before routing: a slow request, a large head; and an invalid request, method or path. */
const BEFORE = new Set([408, 431])
const NOWHERE = new Set([...BEFORE, 400, 404, 405, 414])

/** Undescribed paths: pages and files for people and crawlers. */
const UNDESCRIBED =
  /^\/(docs(\/.*)?|openapi\.json|metrics|robots\.txt|favicon\.ico|\.well-known\/security\.txt)?\/?(\?|$)/

/** Returns the faults of an answer to any request. */
export function checkAnswer(operations: Operation[], asked: Asked, answer: Answer): string[] {
  const { method, target } = asked
  const { status, text, headers } = answer
  // Only a few imports and exports run at once; further ones get a Retry-After.
  const isBusy = answer.json?.code === 'IMPORTS_BUSY' && headers.has('retry-after')
  if (status >= 500 && !isBusy) return [`${status}: ${text}`]
  const type = headers.get('content-type')?.split(';', 1)[0] ?? ''
  if (type === 'text/html' && isErrorPage(asked, answer)) return []
  const faults = status >= 400 && method !== 'HEAD' ? findFaults(answer, status) : []
  if (!UNDESCRIBED.test(target)) {
    faults.push(...checkType(status, type, headers))
    const operation = operations.find(
      (one) => one.method === (method === 'HEAD' ? 'GET' : method) && one.pattern.test(target)
    )
    if (operation) faults.push(...checkShape(operation, method, answer, type))
    else if (!NOWHERE.has(status) && method !== 'HEAD') faults.push(`${status} of what is not described`)
  }
  return faults.map((fault) => `${method} ${target.slice(0, 300)}: ${fault}`)
}

/**
 * True if `answer` is a page without script permissions, and the client accepts HTML
 * (plugins/platform/http/error-page.ts).
 */
function isErrorPage({ headers: sent }: Asked, { status, headers }: Answer): boolean {
  const policy = headers.get('content-security-policy') ?? ''
  return (
    status >= 400 &&
    /text\/(html|\*)/i.test(`${sent?.['accept']}`) &&
    /^default-src 'none'; style-src 'sha256-[^;]+; img-src 'self';/.test(policy) &&
    headers.get('x-content-type-options') === 'nosniff'
  )
}

/** Checks that browsers show no other answer as a page: it is JSON or CSV, and is not sniffed. */
function checkType(status: number, type: string, headers: Headers): string[] {
  const faults = []
  if (!/^(application\/(problem\+)?json|text\/csv)?$/.test(type)) faults.push(`content type ${type}`)
  // A redirect has no body. Node's own parser errors lack our headers.
  if (status !== 302 && headers.has('x-request-id') && headers.get('x-content-type-options') !== 'nosniff')
    faults.push('may be sniffed')
  return faults
}

function checkShape({ answers, codes }: Operation, method: string, answer: Answer, type: string): string[] {
  const described = answers.get(answer.status)
  if (!described) return BEFORE.has(answer.status) ? [] : [`${answer.status} is not described`]
  if (method === 'HEAD') return []
  if (described.size === 0)
    return answer.text === '' ? [] : [`${answer.status} has a body: ${answer.text.slice(0, 200)}`]
  const fits = described.get(type)
  if (!fits) return [`${answer.status} as ${type} is not described`]
  if (type === 'application/problem+json' && !codes.get(answer.status)?.includes(answer.json.code))
    return [`${answer.status} with the code ${answer.json.code} is not described`]
  return fits(type === 'text/csv' ? answer.text : answer.json)
    ? []
    : [`not as described: ${JSON.stringify(fits.errors)} ${answer.text.slice(0, 300)}`]
}
