import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

export interface TracingOptions {
  /** Where a collector takes OTLP over HTTP, without `/v1/traces`; no traces when undefined. */
  endpoint: string | undefined
  /** Share of the requests that are traced, from 0 to 1; those that come with a trace are as their caller decided. */
  sample: number
  version: string
}

/**
 * Traces requests with OpenTelemetry when `endpoint` is set: a span a request, in the trace that the client's
 * `traceparent` names (W3C Trace Context), and its id in the log lines (apps/logger.ts). Redirects are traced too, and then
 * cost a multiple: sample them thinly. Without `endpoint` nothing of it is loaded. Register it before all routes.
 *
 * What the API keeps is the process': two apps with tracing in one process would share the first one's.
 */
async function tracing(app: FastifyInstance, { endpoint, sample, version }: TracingOptions) {
  if (endpoint === undefined) return
  const [{ FastifyOtelInstrumentation }, sdk, { OTLPTraceExporter }, { resourceFromAttributes }] =
    await Promise.all([
      import('@fastify/otel'),
      import('@opentelemetry/sdk-trace-node'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources')
    ])
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, '')}/v1/traces` })
  const provider = new sdk.NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'fairlead', 'service.version': version }),
    sampler: new sdk.ParentBasedSampler({ root: new sdk.TraceIdRatioBasedSampler(sample) }),
    spanProcessors: [new sdk.BatchSpanProcessor(exporter)]
  })
  provider.register()
  const instrumentation = new FastifyOtelInstrumentation({ instrumentHooks: false, instrumentHandler: false })
  instrumentation.setTracerProvider(provider)
  await app.register(instrumentation.plugin())
  app.addHook('onClose', () => provider.shutdown())
}

export default fp(tracing, { name: 'tracing', fastify: '5.x' })
