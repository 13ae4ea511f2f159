import type { onRequestHookHandler } from 'fastify'
import { isSafe } from '#platform/net/methods.ts'
import { problems } from '#platform/problem/errors.ts'

/** The import also detects UTF-16 files. */
const CHARSETS = { json: /^utf-?8$/i, file: /^(utf-?8|us-ascii|utf-?16(le|be)?)$/i }

/**
 * Hook `onRequest`: refuses bodies that would be misread: compressed ones (RFC 9110, section 15.5.16), and
 * JSON in a charset other than UTF-8 (RFC 8259, section 8.1).
 */
export const checkBodyEncoding: onRequestHookHandler = ({ method, headers }, _reply, done) => {
  if (isSafe(method)) {
    done()
    return
  }
  const { 'content-type': type = '', 'content-encoding': coding = 'identity' } = headers
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
  const [, charset = 'utf-8'] = /;\s*charset\s*=\s*"?([^\s";]*)/i.exec(type) ?? []
  const taken = CHARSETS[/^application\/json\b/i.test(type) ? 'json' : 'file']
  if (!hasBody) done()
  else if (coding.trim().toLowerCase() !== 'identity')
    done(
      problems.CONTENT_ENCODING_UNSUPPORTED('Send the body as it is, without Content-Encoding', {
        headers: { 'accept-encoding': 'identity' }
      })
    )
  else if (!taken.test(charset)) done(problems.CHARSET_UNSUPPORTED('Send the body as UTF-8'))
  else done()
}
