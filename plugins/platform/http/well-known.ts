import type { FastifyInstance } from 'fastify'

export interface WellKnownOptions {
  /** Contact for vulnerability reports: a `https:`, `mailto:` or `tel:` URI. No security.txt when unset. */
  contact: string | undefined
  /** This server's own origin, if configured. */
  own: string | undefined
}

/** RFC 9116, section 2.5.5 recommends less than a year; each request renews the date. */
const VALID_MS = 180 * 86_400_000

/** An icon of 32 × 32 pixels: an arrow to the upper right, white on a blue square. */
const FAVICON = Buffer.from(
  [
    'AAABAAEAICAAAAEABAAQAQAAFgAAAIlQTkcNChoKAAAADUlIRFIAAAAgAAAAIAQDAAAAgVRnxwAAACRQTFRFL13TL13TL13TL1',
    '3TL13TTXTZaovgiKLmprrsxNHy4ej5////fVoGbwAAAAR0Uk5TAECAv6NU3QwAAACXSURBVHjaY2DABEwmLlDgrADmuyABkIgK',
    'soATUMAFBaDpAOlhRhUwYGBBFXCACLhWdHR0tIcgBKJ3g8BWhEA1WGA7uoodKGbMRhEACu1GE4hGEwAq2IkiAFQQgWIo0BEeyA',
    'JABSHIAiAFLu5IDgMpAIoinF4NZoeHIKkIQfW+ayl6eCAHEEYQYgQyRjRgRhRGVGJENhoAAC4IkP4AIUnWAAAAAElFTkSuQmCC'
  ].join(''),
  'base64'
)

/**
 * Serves well-known files: `/robots.txt` (RFC 9309), which allows links and disallows the API,
 * `/favicon.ico`, and `/.well-known/security.txt` (RFC 9116).
 */
export async function wellKnown(app: FastifyInstance, { contact, own }: WellKnownOptions) {
  const open = { config: { access: 'public' }, schema: { hide: true } } as const

  let robots = ''
  app.addHook('onReady', async () => {
    const firsts = app.access.routes().map(({ url }) => url.split('/')[1] ?? '')
    const own = [...new Set(firsts)]
      .filter((first) => /^[\w-]+(\.json)?$/.test(first) && first !== 's')
      .sort()
    // Matches whole path segments, because a link may be called /users-guide.
    const lines = own.flatMap((first) => ['$', '/', '?'].map((end) => `Disallow: /${first}${end}`))
    robots = `User-agent: *\n${lines.join('\n')}\n`
  })
  app.get('/robots.txt', open, async (_request, reply) =>
    reply.type('text/plain; charset=utf-8').send(robots)
  )
  app.get('/favicon.ico', open, async (_request, reply) =>
    reply.type('image/x-icon').header('cache-control', 'public, max-age=86400').send(FAVICON)
  )

  if (contact === undefined) return
  app.get('/.well-known/security.txt', open, async (_request, reply) => {
    const expires = new Date(Date.now() + VALID_MS).toISOString().replace(/\.\d+Z$/, 'Z')
    const canonical = own === undefined ? '' : `Canonical: ${own}/.well-known/security.txt\n`
    reply.type('text/plain; charset=utf-8')
    return reply.send(`Contact: ${contact}\nExpires: ${expires}\n${canonical}`)
  })
}
