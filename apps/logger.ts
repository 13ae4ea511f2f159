import type { DestinationStream, LoggerOptions } from 'pino'
import type { Config } from '#apps/config.ts'
import { REQUEST_ID_FIELD } from '#platform/http/request-log.ts'
import { StartRefused } from '#platform/problem/start-refused.ts'

/**
 * Creates the options of the log: JSON lines for machines, readable lines on a terminal. It never logs
 * headers, bodies or queries, and of errors only the fields that apps/app.ts allows. Throws {@link
 * StartRefused} if lines should name their trace and OpenTelemetry is not installed.
 */
export async function createLoggerOptions({
  level,
  pretty,
  traced
}: Config['log']): Promise<LoggerOptions & { stream?: DestinationStream }> {
  return {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
    ...(traced && { mixin: await createTraceNamer() }),
    ...(pretty && { stream: { write: (line: string) => void process.stdout.write(formatLine(line)) } })
  }
}

/** Formats a JSON line of the log as text: time (UTC), level, message, fields, and the stack of an error. */
export function formatLine(line: string): string {
  const { level, time, msg, err, [REQUEST_ID_FIELD]: _, ...fields } = JSON.parse(line)
  const more = Object.keys(fields).length > 0 ? ` ${JSON.stringify(fields)}` : ''
  const stack =
    err === undefined ? '' : `\n    ${String(err.stack ?? err.message).replaceAll('\n', '\n    ')}`
  return `[${time.slice(11, 23)}] ${level.toUpperCase()}: ${msg}${more}${stack}\n`
}

/**
 * Creates a function that returns the ids of the current trace, named as in OpenTelemetry's log data model.
 */
async function createTraceNamer(): Promise<() => Record<string, string>> {
  // The API package alone is installed without tracing too, as a dependency of the metrics client.
  const [{ trace }] = await Promise.all([import('@opentelemetry/api'), import('@fastify/otel')]).catch(
    (cause: Error) => {
      throw new StartRefused(
        'OTEL_EXPORTER_OTLP_ENDPOINT needs OpenTelemetry, which is not installed. Run: npm ci --omit=dev',
        { cause }
      )
    }
  )
  return () => {
    const span = trace.getActiveSpan()?.spanContext()
    return span === undefined ? {} : { trace_id: span.traceId, span_id: span.spanId }
  }
}
