import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { listen } from '#testing/listen.ts'
import { spawnServer, startServer } from '#testing/process.ts'

/** Traces as a collector receives them. */

interface Span {
  traceId: string
  parentSpanId?: string
  name: string
}

/** Starts a collector (OTLP over HTTP, JSON) that records its spans. */
async function startCollector(t: Test) {
  const spans: Span[] = []
  const server = createServer(async (request, response) => {
    const body = JSON.parse(await text(request))
    for (const { scopeSpans } of body.resourceSpans) for (const one of scopeSpans) spans.push(...one.spans)
    response.setHeader('content-type', 'application/json').end('{}')
  })
  return { spans, url: `http://${await listen(t, server)}` }
}

t.test("a request's span and log lines are in its client's trace", async (t) => {
  const collector = await startCollector(t)
  const dataDir = t.testdir()
  const server = await startServer(t, {
    DATA_DIR: dataDir,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_TRACES_SAMPLER_ARG: '0'
  })
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
  const traceparent = `00-${traceId}-00f067aa0ba902b7-01`
  await server.request('GET', '/users', { headers: { traceparent } })
  await server.request('GET', '/none', { headers: { traceparent } })
  await server.request('GET', '/urls')
  const line = await server.logged(/^request$/)
  t.match(line, { route: '/users', trace_id: traceId, span_id: /^[0-9a-f]{16}$/ })
  // The close flushes pending spans.
  t.match(await server.end(), { code: 0 })
  t.ok(collector.spans.length >= 2)
  t.ok(
    collector.spans.every((span) => span.traceId === traceId),
    'with a share of 0 nothing else is traced'
  )
  t.ok(collector.spans.some((span) => span.parentSpanId === '00f067aa0ba902b7'))
})

t.test('a start with tracing not installed names the command that installs it', async (t) => {
  const inject = `
    import { registerHooks } from 'node:module'
    registerHooks({
      resolve: (name, context, next) => next(name === '@fastify/otel' ? '@fastify/not-installed' : name, context)
    })`
  const server = spawnServer(t, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' }, { inject })
  t.same(await server.exited, { code: 1, signal: null })
  t.equal(
    server.output(),
    'OTEL_EXPORTER_OTLP_ENDPOINT needs OpenTelemetry, which is not installed. Run: npm ci --omit=dev\n'
  )
})
