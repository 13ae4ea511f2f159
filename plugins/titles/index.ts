import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { SYSTEM } from '#platform/access/caller.ts'
import { type PublicFetchOptions, safeFetch } from '#platform/net/safe-fetch.ts'
import { readTitle } from './title.ts'

export interface TitleOptions {
  /** Whether to fetch titles at all. */
  fetches: boolean
  /** Overrides for requests; tests may treat private addresses as public. */
  network?: Partial<PublicFetchOptions>
}

/** Limits of a request. The title is near the start of a page, so 64 KiB are enough. */
const FETCH = { timeoutMs: 5_000, maxBytes: 65_536, maxRedirects: 3, accept: 'text/html' }

/** The actor in the audit log. */
const AUTHOR = { kind: 'system', keyId: null, userId: null, name: 'title of the page', requestId: null }

/**
 * Adds the title of the target page to links created without one, soon after the creation. Consumes
 * `url.untitled` of the outbox. A page that can't be fetched leaves the link without a title. Off by default.
 */
async function titles(app: FastifyInstance, { fetches, network = {} }: TitleOptions) {
  if (!fetches) return
  const { client } = app.metrics
  const outcomes = new client.Counter({
    name: 'fairlead_titles_total',
    help: 'Titles of pages that new links lead to, by what became of them',
    labelNames: ['outcome'],
    registers: [client.register]
  })

  async function addTitle(id: number, signal: AbortSignal): Promise<'added' | 'none' | 'failed'> {
    const link = await findUntitled(id)
    if (link === null) return 'none'
    const page = await safeFetch(link.originalUrl, { ...FETCH, ...network, signal }).catch((error: Error) => {
      // Retry only what the shutdown of this process aborted; a page that fails now is not worth another
      // attempt.
      signal.throwIfAborted()
      app.log.debug({ err: error, url: id }, 'fetching the title of a page failed')
      return null
    })
    if (page === null) return 'failed'
    const { status, contentType, body } = page
    if (status !== 200 || !/^text\/html\b|^application\/xhtml\+xml\b/i.test(contentType)) return 'none'
    const title = readTitle(body, contentType)
    if (title === null) return 'none'
    // The link may have changed meanwhile.
    if ((await findUntitled(id))?.originalUrl !== link.originalUrl) return 'none'
    await app.audit.actAs(AUTHOR, () => app.urls.change(SYSTEM, id, { title }))
    return 'added'
  }

  /** The link `id`, or null if it has a title or is deleted. */
  async function findUntitled(id: number) {
    try {
      const link = await app.urls.get(SYSTEM, id)
      return link.title === null ? link : null
    } catch (error) {
      if ((error as { code?: string }).code === 'URL_UNKNOWN') return null
      throw error
    }
  }

  app.outbox.consume<{ id: number }>(
    'url.untitled',
    async ({ id }, signal) => outcomes.inc({ outcome: await addTitle(id, signal) }),
    { maxPending: 1_000 }
  )
}

export default fp(titles, {
  name: 'titles',
  encapsulate: true,
  dependencies: ['metrics', 'outbox', 'audit', 'urls'],
  fastify: '5.x'
})
