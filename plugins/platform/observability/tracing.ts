import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

export interface TracingOptions {
  /** URL of an OTLP collector over HTTP, without `/v1/traces`; tracing is off when undefined. */
  endpoint: string | undefined
  /** Share of requests to trace, from 0 to 1. A `traceparent` carries the decision of the caller instead. */
  sample: number
  version: string
}

/**
 * Traces requests with OpenTelemetry when `endpoint` is set: one span per request, in the trace that the
 * client's `traceparent` names (W3C Trace Context). Log lines have the trace id (apps/logger.ts). Tracing a
 * redirect costs a multiple of serving it, so use a low sample. Without `endpoint` no OpenTelemetry package
 * is loaded. Register it before all routes.
 *
 * The OpenTelemetry API is global: two apps with tracing in one process share the setup of the first.
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
