import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { withDeadline } from '#platform/deadline.ts'
import { Type } from '#schema/shapes/type.ts'

const Check = Type.Object({
  status: Type.String({ examples: ['ok', 'failed'] }),
  ms: Type.Number(),
  error: Type.Optional(Type.String())
})
const Readiness = Type.Object({
  status: Type.String({ description: 'ok, degraded (serves, but a part failed), draining or unavailable' }),
  checks: Type.Object({ database: Check, cache: Check })
})
const Health = Type.Object({ status: Type.Literal('ok') })

export interface HealthOptions {
  routes: boolean
  /** Longest wait for one part's answer. */
  timeoutMs: number
}

/**
 * The probes. `/health` and `/health/live` say that the process answers. `/health/ready` asks each part: without
 * the database it is 503; without Redis it is 200 and `degraded`, since redirects go on and taking every replica
 * out of service for a lost cache would turn a slow minute into an outage. While draining it is 503.
 */
async function health(app: FastifyInstance, options: HealthOptions) {
  if (options.routes) await app.register(healthRoutes, options)
}

const healthRoutes: FastifyPluginAsyncTypebox<HealthOptions> = async (app, { timeoutMs }) => {
  const tags = ['health']
  // Probes come every few seconds from several places: worth a log line only when something is wrong.
  const logLevel = 'warn'

  for (const url of ['/health', '/health/live']) {
    app.get(
      url,
      {
        logLevel,
        config: { access: 'public', query: 'any' },
        schema: { tags, summary: 'The process answers', response: { 200: Health } }
      },
      async function onLive() {
        return { status: 'ok' as const }
      }
    )
  }

  app.get(
    '/health/ready',
    {
      logLevel,
      config: { access: 'public', query: 'any' },
      schema: { tags, summary: 'Whether to send traffic here', response: { 200: Readiness, 503: Readiness } }
    },
    async function onReady(request, reply) {
      const [database, cache] = await Promise.all([
        check(() => app.database.ping(), timeoutMs),
        check(() => app.cache.ping(), timeoutMs)
      ])
      const isDraining = app.lifecycle.draining
      const status = isDraining
        ? 'draining'
        : database.error
          ? 'unavailable'
          : cache.error
            ? 'degraded'
            : 'ok'
      if (status !== 'ok') request.log.warn({ database, cache, status }, 'not fully ready')
      reply.code(status === 'ok' || status === 'degraded' ? 200 : 503)
      return { status, checks: { database, cache } }
    }
  )
}

async function check(ask: () => Promise<void>, timeoutMs: number) {
  const start = performance.now()
  const ms = () => Math.round((performance.now() - start) * 100) / 100
  try {
    await withDeadline(ask(), timeoutMs)
    return { status: 'ok', ms: ms() }
  } catch (error) {
    return { status: 'failed', ms: ms(), error: (error as Error).message || (error as Error).name }
  }
}

export default fp(health, {
  name: 'health',
  dependencies: ['database', 'cache', 'lifecycle'],
  fastify: '5.x'
})
