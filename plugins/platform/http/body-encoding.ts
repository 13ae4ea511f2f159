import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { problems } from '#platform/problem/errors.ts'

/** Files may be UTF-16 as well, which an import recognises. */
const CHARSETS = { json: /^utf-?8$/i, file: /^(utf-?8|us-ascii|utf-?16(le|be)?)$/i }

/**
 * Refuses bodies that would be read as something else than they are: compressed ones (RFC 9110, section 15.5.16), and JSON of
 * another charset than UTF-8 (RFC 8259, section 8.1). Register it after what identifies and limits callers.
 */
async function bodyEncoding(app: FastifyInstance) {
  app.addHook('onRoute', (route) => {
    if (route.config?.hot || [route.method].flat().every((method) => method === 'GET' || method === 'HEAD'))
      return
    route.onRequest = [...[route.onRequest ?? []].flat(), onBody]
  })
}

function onBody({ headers }: FastifyRequest, _reply: unknown, done: (error?: Error) => void): void {
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

export default fp(bodyEncoding, { name: 'body-encoding', dependencies: ['errors', 'limits'], fastify: '5.x' })
