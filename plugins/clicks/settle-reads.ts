import type { FastifyInstance, FastifyReply, FastifyRequest, preHandlerHookHandler } from 'fastify'
import { withDeadline } from '#platform/async/deadline.ts'
import type { FreshMark } from '#platform/database/read-replica.ts'
import { describeHeader } from '#platform/http/describe-answers.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** For `app.database.readFresh`; set if `config.readsClicks` is true. */
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
 * `preHandler` hook. Routes with `config.readsClicks` include every click whose redirect was answered before
 * the request. They wait for unstored clicks for at most 250 ms; after that the answer has `X-Clicks-Pending:
 * true`. Their services read with `app.database.readFresh` and `request.freshMark`.
 */
export const settleClicks: preHandlerHookHandler = (request, reply, done) => {
  if (request.routeOptions.config.readsClicks) settle(request, reply).then(() => done(), done)
  else done()
}

async function settle(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const { clicks, database } = request.server
  const end = performance.now() + PATIENCE_MS
  const isStored = await clicks.settle(PATIENCE_MS)
  // Not earlier: the standby must include the clicks stored during the wait.
  const leftMs = Math.max(50, end - performance.now())
  request.freshMark = await withDeadline(database.markFresh(), leftMs).catch(() => null)
  if (!isStored || request.freshMark === null) reply.header('x-clicks-pending', 'true')
}

/** Describes the header of {@link settleClicks} on all routes added after the call. */
export function describePending(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    if (route.config?.readsClicks) describeHeader(route, 200, HEADER)
  })
}
