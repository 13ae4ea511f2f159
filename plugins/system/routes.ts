import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { System } from '#schema/shapes/system.ts'
import type { Sample } from './figures.ts'
import { METRICS } from './groups.ts'
import { createSystemService, type SystemOptions } from './service.ts'

/** `GET /api/system`: the state of the installation for administrators. */
export const systemRoutes: FastifyPluginAsyncTypebox<SystemOptions> = async (app, options) => {
  const { register } = app.metrics.client

  /** Reads the metrics from the registry, so that capabilities need no decorator for their figures. */
  async function readOwn(): Promise<Sample[]> {
    const metrics = METRICS.flatMap((name) => register.getSingleMetric(name) ?? [])
    const read = await Promise.all(metrics.map((metric) => metric.get()))
    return read.flatMap(({ name, values }) =>
      values.map(({ labels, value }) => ({ name, labels: textsOf(labels), value }))
    )
  }
  const read = createSystemService(app.database, readOwn, options)

  app.get(
    '/api/system',
    {
      config: { access: 'system:read' },
      schema: {
        tags: ['system'],
        operationId: 'getSystem',
        summary: 'Read the state of the installation',
        description: [
          'The figures are those of all processes if `PROMETHEUS_URL` is set and Prometheus answers within two seconds, else those of',
          'the process that answers; `source` says which. They have the names of the metrics at `/metrics`.'
        ].join(' '),
        response: { 200: System }
      }
    },
    read
  )
}

function textsOf(labels: Partial<Record<string, string | number>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).map(([label, value]) => [label, String(value)]))
}
