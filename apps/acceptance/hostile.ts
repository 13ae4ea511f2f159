import { METHODS } from 'node:http'
import fc from 'fast-check'
import { arbitraryText, arbitraryValue } from './arbitraries.ts'
import { HOSTILE_BODIES } from './hostile-texts.ts'
import type { Operation } from './openapi.ts'

/** Hostile input for fast-check: extreme requests to an operation that are still HTTP. */

export interface HostileRequest {
  method: string
  /** Includes the query; visible ASCII. */
  target: string
  headers: Record<string, string>
  body: Buffer | null
}

/** JSON of an object with members of the operation, some of them valid, and with unexpected ones. */
function objectText({ members }: Operation): fc.Arbitrary<string> {
  const names = [...members.keys(), 'id', '__proto__', 'constructor', 'prototype', 'toString', '']
  const proper = fc.constant(Object.fromEntries(members))
  const odd = fc.dictionary(fc.constantFrom(...names), arbitraryValue, { maxKeys: 4 })
  return fc.tuple(proper, odd, fc.boolean()).map(([good, bad, isMixed]) => {
    return JSON.stringify(isMixed ? { ...good, ...bad } : bad)
  })
}

function bodyOf(operation: Operation): fc.Arbitrary<{ type: string | null; bytes: Buffer }> {
  const text = fc.oneof(
    { weight: 4, arbitrary: objectText(operation) },
    fc.array(objectText(operation), { maxLength: 3 }).map((rows) => `[${rows}]`),
    arbitraryValue.map((value) => JSON.stringify(value)),
    objectText(operation).map((one) => one.slice(0, one.length / 2))
  )
  const header = 'id,user_id,short_code,original_url,title,is_active,created_at,updated_at\n'
  const csv = fc
    .array(fc.array(arbitraryText, { maxLength: 9 }), { maxLength: 4 })
    .map((rows) => header + rows.map((row) => row.map((cell) => `"${cell}"`).join(',')).join('\n'))
  const form = fc
    .tuple(arbitraryText, csv, fc.boolean())
    .map(([name, file, isWhole]) =>
      [
        '--frontier',
        `Content-Disposition: form-data; name="${isWhole ? 'file' : name.slice(0, 50)}"; filename="a.csv"`,
        'Content-Type: text/csv',
        '',
        file,
        isWhole ? '--frontier--' : '--front',
        ''
      ].join('\r\n')
    )
  const bytes = (one: string | Buffer) => (typeof one === 'string' ? Buffer.from(one) : one)
  return fc.oneof(
    { weight: 5, arbitrary: text.map((one) => ({ type: 'application/json', bytes: bytes(one) })) },
    fc.constantFrom(...HOSTILE_BODIES).map((one) => ({ type: 'application/json', bytes: bytes(one) })),
    csv.map((one) => ({ type: 'text/csv', bytes: bytes(one) })),
    form.map((one) => ({ type: 'multipart/form-data; boundary=frontier', bytes: bytes(one) })),
    fc.uint8Array({ maxLength: 200 }).map((one) => ({ type: 'application/json', bytes: Buffer.from(one) })),
    fc.record({
      type: fc.constantFrom(
        null,
        'multipart/form-data',
        'multipart/form-data; boundary=',
        'multipart/mixed; boundary=frontier',
        'text/plain',
        'text/csv; charset=utf-16',
        'application/x-www-form-urlencoded',
        'application/json; charset=utf-7',
        'application/json;;;',
        'application/',
        '/',
        '*/*',
        'x'.repeat(2_000)
      ),
      bytes: fc.oneof(text, csv, form).map(bytes)
    })
  )
}

/** A part of a path or query, usually percent-encoded. */
const part = fc
  .tuple(arbitraryText, fc.boolean())
  .map(([text, isEncoded]) =>
    isEncoded
      ? encodeURIComponent(text.toWellFormed()).slice(0, 6_000)
      : text.replace(/[^\x21-\x7e]|[?#]/g, '').slice(0, 6_000)
  )

const id = fc.oneof(fc.constantFrom('1', '2', '1/', '00', '99999'), part)

const headerText = fc.oneof(
  fc.constantFrom(
    '',
    '*',
    '*/*',
    'text/html',
    'gzip, br;q=0',
    'identity',
    'bytes=0-1',
    '-1',
    '0',
    'none',
    ',,,',
    '"',
    'W/"x"'
  ),
  fc.string({ maxLength: 60 }).map((text) => text.replace(/[^\x20-\x7e]/g, '').trim()),
  fc.constant('x'.repeat(3_000))
)

const headers = fc.dictionary(
  fc.constantFrom(
    'accept',
    'accept-encoding',
    'accept-version',
    'accept-charset',
    'if-match',
    'if-none-match',
    'if-modified-since',
    'range',
    'x-request-id',
    'x-forwarded-for',
    'x-forwarded-host',
    'x-forwarded-proto',
    'forwarded',
    'referer',
    'user-agent',
    'origin',
    'cookie',
    'authorization',
    'content-encoding',
    'content-language',
    'x-http-method-override',
    'idempotency-key',
    'te',
    'expect',
    'host'
  ),
  headerText,
  { maxKeys: 4 }
)

/** A request to `operation` with a hostile path, query and body. */
export function requestTo(operation: Operation): fc.Arbitrary<HostileRequest> {
  const { method, path, query } = operation
  const parts = path.split(/\{\w+\}/)
  const address = fc
    .array(id, { minLength: parts.length - 1, maxLength: parts.length - 1 })
    .map((ids) => parts.map((one, at) => one + (ids[at] ?? '')).join(''))
  const pair = fc
    .tuple(fc.constantFrom(...query, ...query, ...query, 'page', 'q', '__proto__', 'a[b]', ''), part)
    .map((one) => one.join('='))
  const search = fc
    .array(pair, { maxLength: 3 })
    .map((pairs) => (pairs.length > 0 ? `?${pairs.join('&')}` : ''))
  const hasBody = method !== 'GET' && method !== 'HEAD'
  return fc
    .record({ address, search, headers, body: hasBody ? bodyOf(operation) : fc.constant(null) })
    .map(({ address, search, headers, body }) => ({
      method,
      target: address + search,
      headers: { ...headers, ...(body?.type != null && { 'content-type': body.type }) },
      body: body?.bytes ?? null
    }))
}

/** Any method at any path. */
export const anyRequest: fc.Arbitrary<HostileRequest> = fc.record({
  method: fc.constantFrom(...METHODS.filter((method) => method !== 'CONNECT')),
  target: fc
    .array(
      fc.oneof(part, fc.constantFrom('users', 'urls', 'events', 'docs', 's', 'bulk', 'redirect', '1', '')),
      { maxLength: 5 }
    )
    .map((parts) => `/${parts.join('/')}`),
  headers,
  body: fc.constantFrom(null, Buffer.from('{}'), Buffer.from('x'))
})

/** A valid request as bytes, with some of them changed, lost, doubled or inserted. */
export const brokenBytes: fc.Arbitrary<Buffer> = fc
  .record({
    method: fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'),
    path: fc.constantFrom('/users', '/users/1', '/urls', '/shorten', '/events', '/abc', '/users/bulk'),
    body: fc.constantFrom('', '{"url":"https://example.com"}', '{"username":"a","email":"a@example.com"}'),
    changes: fc.array(
      fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), byte: fc.nat(255), kind: fc.nat(2) }),
      { minLength: 1, maxLength: 6 }
    )
  })
  .map(({ method, path, body, changes }) => {
    const head = `${method} ${path} HTTP/1.1\r\nHost: sho.rt\r\nContent-Type: application/json\r\n`
    const bytes = [
      ...Buffer.from(`${head}Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`)
    ]
    for (const { at, byte, kind } of changes) {
      bytes.splice(Math.floor(at * bytes.length), kind === 0 ? 0 : 1, ...(kind === 2 ? [] : [byte]))
    }
    return Buffer.from(bytes)
  })
