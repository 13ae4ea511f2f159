import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { openQueue, type QueueOptions } from '#platform/queue/index.ts'
import { createClickCodec } from './codec.ts'
import type { Clicks, SaltProvider } from './contract.ts'
import { showClicks } from './gauges.ts'
import { describePending } from './settle-reads.ts'

declare module 'fastify' {
  interface FastifyInstance {
    clicks: Clicks
  }
}

/**
 * Publishes `app.clicks`, the queue of clicks between redirects and their storage, and exports its metrics.
 */
async function clicks(app: FastifyInstance, options: QueueOptions) {
  let salt: SaltProvider = () => null
  const codec = createClickCodec(() => salt())
  const queue = await openQueue(app, { one: 'click', all: 'clicks' }, codec, options)
  const direct = codec.createEncoder()
  app.decorate('clicks', {
    ...queue,
    toClicks(drafts) {
      const now = Date.now()
      direct.add(drafts, Array<number>(drafts.length).fill(now))
      return codec.decode(direct.seal(now).record)
    },
    saltWith(provider) {
      salt = provider
    }
  })
  showClicks(app)
  describePending(app)
}

export default fp(clicks, { name: 'clicks', dependencies: ['metrics', 'database'], fastify: '5.x' })
