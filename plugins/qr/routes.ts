import { createHash } from 'node:crypto'
import { negotiate } from '@fastify/accept-negotiator'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { listsEntityTag } from '#platform/http/conditional.ts'
import { addressOf } from '#platform/http/own-address.ts'
import { QrQuery } from '#schema/shapes/qr.ts'
import { toScanUrl } from '#schema/shapes/qr-drawing.ts'
import { Type } from '#schema/shapes/type.ts'
import { draw, readStyle } from './drawing.ts'

/** Preferred first. */
const TYPES = ['image/svg+xml', 'image/png'] as const

const FORMATS = { svg: TYPES[0], png: TYPES[1] }

/**
 * Images may be shown on other sites. An SVG that a browser opens as a document can load and run nothing;
 * browsers style the document around a PNG.
 */
const HEADERS = {
  'cross-origin-resource-policy': 'cross-origin',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"
}

const PATHS = [
  ['/:short_code/qr', 'getQrCode'],
  ['/s/:short_code/qr', 'getShortLinkQrCode']
] as const

const CodeParams = Type.Object({ short_code: Type.String({ description: 'The short code of a link' }) })

const IMAGE = {
  description: 'The image',
  headers: {
    ETag: { type: 'string', description: 'The entity tag of the image, for If-None-Match' },
    'Content-Disposition': { type: 'string', description: 'A file name for the image' }
  },
  content: {
    'image/svg+xml': { schema: { type: 'string' } },
    'image/png': { schema: { type: 'string', format: 'binary' } }
  }
}

const UNCHANGED = { type: 'null', description: 'Unchanged' }

/**
 * The QR code of a link, for links that answer visitors. It encodes the short URL with the mark of scans
 * (schema/shapes/qr-drawing.ts). Takes the public address of this server, if configured.
 */
export const qrRoutes: FastifyPluginAsyncTypebox<{ publicUrl: string | undefined }> = async (
  app,
  { publicUrl }
) => {
  // Without a public address, the image has the host of the request, which other clients must not get.
  const cacheControl = `${publicUrl === undefined ? 'private' : 'public'}, max-age=300`

  type Request = FastifyRequest<{ Params: { short_code: string }; Querystring: QrQuery }>

  async function onGet(request: Request, reply: FastifyReply) {
    const { short_code: code } = request.params
    const { format, ...query } = request.query
    const style = readStyle(query)
    await app.redirects.findLink(request, code)
    const url = toScanUrl(app.urls.shortUrl(code, publicUrl ?? addressOf(request)))
    const type = format === undefined ? preferredType(request, reply) : FORMATS[format]
    // The image is a function of these values, so an unchanged one is not drawn again.
    const etag = `W/"${createHash('sha1')
      .update(JSON.stringify([url, type, style]))
      .digest('base64url')}"`
    const extension = type === FORMATS.png ? 'png' : 'svg'
    const isKnown = listsEntityTag(request.headers['if-none-match'], etag)
    // Throws for a size that is too small. Such an answer has none of these headers.
    const image = isKnown ? null : await draw(url, style, extension)
    reply.headers({
      ...HEADERS,
      'cache-control': cacheControl,
      etag,
      'content-disposition': `inline; filename="${code}.${extension}"`
    })
    return image === null ? reply.code(304).send() : reply.type(type).send(image)
  }

  for (const [url, operationId] of PATHS)
    app.get(
      url,
      {
        config: { access: 'public', limit: 'api', answers: { 200: IMAGE, 304: UNCHANGED } },
        schema: {
          tags: ['redirects'],
          operationId,
          summary: 'The QR code of a link; counts no click',
          params: CodeParams,
          querystring: QrQuery,
          problems: [
            'LINK_UNKNOWN',
            'LINK_EXPIRED',
            'LINK_USED_UP',
            'LINK_BLOCKED',
            'LOOKUP_UNAVAILABLE',
            'QR_TOO_LONG'
          ]
        }
      },
      onGet
    )
}

function preferredType({ headers: { accept } }: FastifyRequest, reply: FastifyReply) {
  const vary = reply.getHeader('vary')
  reply.header('vary', vary === undefined ? 'Accept' : `${vary}, Accept`)
  const wanted = accept === undefined ? null : negotiate(accept, [...TYPES])
  return TYPES.find((type) => type === wanted) ?? TYPES[0]
}
