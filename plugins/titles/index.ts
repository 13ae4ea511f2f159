import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { SYSTEM } from '#platform/access/caller.ts'
import { type PublicFetchOptions, safeFetch } from '#platform/net/safe-fetch.ts'
import { createQueue } from './queue.ts'
import { readTitle } from './title.ts'

export interface TitleOptions {
  /** Whether pages are asked for their titles at all. */
  fetches: boolean
  /** What differs from how pages are fetched; a test may own the network. */
  network?: Partial<PublicFetchOptions>
}

/** What is taken of a page: titles stand at the top. */
const FETCH = { timeoutMs: 5_000, maxBytes: 65_536, maxRedirects: 3, accept: 'text/html' }

/** Who the audit log says it was. */
const AUTHOR = { kind: 'system', keyId: null, userId: null, name: 'title of the page', requestId: null }

/**
 * Titles: a link that was created without one gets that of the page it leads to, some time after the creation was answered. The
 * page is fetched by fetch-public.ts; what can't be fetched leaves the link without a title. A queue of a few that is full takes
 * no more. Off unless it is set. Publishes nothing.
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
  const queue = createQueue<{ id: number; originalUrl: string }>({
    concurrency: 2,
    maxWaiting: 500,
    async work({ id, originalUrl }, signal) {
      try {
        outcomes.inc({ outcome: (await addTitle(id, originalUrl, signal)) ? 'added' : 'none' })
      } catch (error) {
        outcomes.inc({ outcome: 'failed' })
        app.log.debug({ err: error, url: id }, 'the page of a new link gave no title')
      }
    }
  })

  async function addTitle(id: number, target: string, signal: AbortSignal): Promise<boolean> {
    const { status, contentType, body } = await safeFetch(target, { ...FETCH, ...network, signal })
    if (status !== 200 || !/^text\/html\b|^application\/xhtml\+xml\b/i.test(contentType)) return false
    const title = readTitle(body, contentType)
    if (title === null) return false
    // Its owner may have changed the link meanwhile.
    const now = await app.urls.get(SYSTEM, id)
    if (now.title !== null || now.originalUrl !== target) return false
    await app.audit.actAs(AUTHOR, () => app.urls.change(SYSTEM, id, { title }))
    return true
  }

  app.urls.onUntitled(({ id, originalUrl }) => {
    if (!queue.add({ id, originalUrl })) outcomes.inc({ outcome: 'dropped' })
  })
  app.addHook('onClose', () => queue.close())
}

export default fp(titles, {
  name: 'titles',
  encapsulate: true,
  dependencies: ['metrics', 'audit', 'urls'],
  fastify: '5.x'
})
