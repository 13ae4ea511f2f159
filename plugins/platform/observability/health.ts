import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { withDeadline } from '#platform/async/deadline.ts'
import { Type } from '#schema/shapes/type.ts'

const Check = Type.Object(
  {
    status: Type.String({ examples: ['ok', 'failed'] }),
    ms: Type.Number(),
    error: Type.Optional(Type.String())
  },
  { title: 'Check' }
)
const Readiness = Type.Object(
  {
    status: Type.String({
      examples: ['ok'],
      description: 'ok, degraded (redirects work, but a part failed) or draining'
    }),
    checks: Type.Object({ database: Check, writes: Check, cache: Check, load: Check })
  },
  { title: 'Readiness' }
)
const Health = Type.Object({ status: Type.Literal('ok') }, { title: 'Health' })

export interface HealthOptions {
  /** Timeout of each check. */
  timeoutMs: number
}

/**
 * The probes. `/health` and `/health/live` report that the process answers. `/health/ready` checks the
 * database, whether it takes writes, Redis, and whether the process sheds load. If a check fails, the
 * response is 200 and `degraded`: cached links redirect without any of these. All replicas fail together, so
 * a 503 would take the last one out of service (docs/adr/2026-11-30-degraded-replicas-stay.md). While
 * draining it is 503.
 */
export const healthRoutes: FastifyPluginAsyncTypebox<HealthOptions> = async (app, { timeoutMs }) => {
  const tags = ['health']
  // Probes come every few seconds from several places: log them only when a check fails.
  const logLevel = 'warn'

  for (const [url, operationId] of [
    ['/health', 'getHealth'],
    ['/health/live', 'getLiveness']
  ] as const) {
    app.get(
      url,
      {
        logLevel,
        config: { access: 'public', query: 'any' },
        schema: { operationId, tags, summary: 'The process answers', response: { 200: Health } }
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
      schema: {
        operationId: 'getReadiness',
        tags,
        summary: 'Whether to send traffic here',
        response: { 200: Readiness, 503: Readiness }
      }
    },
    async function onReady(request, reply) {
      const [database, writes, cache, load] = await Promise.all([
        check(() => app.database.ping(), timeoutMs),
        check(() => app.database.pingWrites(), timeoutMs),
        check(() => app.cache.ping(), timeoutMs),
        check(() => app.shedding.ping(), timeoutMs)
      ])
      const checks = { database, writes, cache, load }
      const isWell = Object.values(checks).every(({ error }) => error === undefined)
      const status = app.lifecycle.draining ? 'draining' : isWell ? 'ok' : 'degraded'
      if (status !== 'ok') request.log.warn({ ...checks, status }, `readiness ${status}`)
      reply.code(status === 'draining' ? 503 : 200)
      return { status, checks }
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
    // The first line only: Drizzle puts the parameters of the statement into the second one.
    const [message] = (error as Error).message.split('\n', 1)
    return { status: 'failed', ms: ms(), error: message || (error as Error).name }
  }
}
