import type { DestinationStream, LoggerOptions } from 'pino'
import type { Config } from '#apps/config.ts'
import { REQUEST_ID_FIELD } from '#platform/http/request-log.ts'
import { StartRefused } from '#platform/problem/start-refused.ts'

/**
 * Options of the log: JSON lines, one object a line, for machines; readable ones on a terminal. Headers, bodies
 * and queries are never logged; of errors only what apps/app.ts lets through.
 * Throws {@link StartRefused} when lines are to name their trace and OpenTelemetry is not installed.
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

/** A JSON line of the log as text: time (UTC), level, message, fields, and the stack of an error. */
export function formatLine(line: string): string {
  const { level, time, msg, err, [REQUEST_ID_FIELD]: _, ...fields } = JSON.parse(line)
  const more = Object.keys(fields).length > 0 ? ` ${JSON.stringify(fields)}` : ''
  const stack =
    err === undefined ? '' : `\n    ${String(err.stack ?? err.message).replaceAll('\n', '\n    ')}`
  return `[${time.slice(11, 23)}] ${level.toUpperCase()}: ${msg}${more}${stack}\n`
}

/** Makes what gives the ids that lead from a line to its trace, by the names of OpenTelemetry's log data model. */
async function createTraceNamer(): Promise<() => Record<string, string>> {
  // The API alone is there without tracing too, by the metrics client.
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
