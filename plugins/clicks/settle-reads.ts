import type { FastifyInstance, FastifyReply, FastifyRequest, preHandlerHookHandler } from 'fastify'
import { withDeadline } from '#platform/async/deadline.ts'
import type { FreshMark } from '#platform/database/read-replica.ts'
import { describeHeader } from '#platform/http/describe-answers.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** For `app.database.readFresh`; set where `config.readsClicks` is true. */
    freshMark?: FreshMark
  }
  interface FastifyContextConfig {
    /** True for routes whose answers contain clicks: they wait for clicks that are not stored yet. */
    readsClicks?: boolean
  }
}

const PATIENCE_MS = 250

const HEADER = {
  'X-Clicks-Pending': {
    type: 'string',
    enum: ['true'],
    description:
      'Present when some clicks that were answered before this request may be missing: try again soon'
  }
}

/**
 * Hook `preHandler`: makes routes with `config.readsClicks` include every click whose redirect was answered
 * before the request: they wait for those under way for at most 250 ms. When that is not enough, the answer
 * has `X-Clicks-Pending: true`. Their services read by `app.database.readFresh` with `request.freshMark`.
 */
export const settleClicks: preHandlerHookHandler = (request, reply, done) => {
  if (request.routeOptions.config.readsClicks) settle(request, reply).then(() => done(), done)
  else done()
}

async function settle(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const { clicks, database } = request.server
  const end = performance.now() + PATIENCE_MS
  const isStored = await clicks.settle(PATIENCE_MS)
  // Only now: the standby must have what was stored meanwhile.
  const leftMs = Math.max(50, end - performance.now())
  request.freshMark = await withDeadline(database.markFresh(), leftMs).catch(() => null)
  if (!isStored || request.freshMark === null) reply.header('x-clicks-pending', 'true')
}

/** Describes the header of {@link settleClicks} on the routes that are added from now on. */
export function describePending(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    if (route.config?.readsClicks) describeHeader(route, 200, HEADER)
  })
}
