import { trace } from '@opentelemetry/api'
import type { FastifyServerOptions } from 'fastify'
import { stdSerializers } from 'pino'
import type { Config } from '#apps/config.ts'

/**
 * Options of the log: JSON lines, one object a line, for machines; readable ones on a terminal. Headers, bodies
 * and queries are never logged; errors lose what a driver hangs on them (parameters and rows hold personal data).
 */
export function createLoggerOptions({
  level,
  pretty,
  traced
}: Config['log']): Exclude<FastifyServerOptions['logger'], boolean> {
  return {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: serializeError },
    ...(traced && { mixin: nameTrace }),
    ...(pretty && {
      transport: {
        target: 'pino-pretty',
        options: { translateTime: 'HH:MM:ss.l', ignore: 'reqId', singleLine: true }
      }
    })
  }
}

/** The ids that lead from a line to its trace, by the names of OpenTelemetry's log data model. */
function nameTrace(): Record<string, string> {
  const span = trace.getActiveSpan()?.spanContext()
  return span === undefined ? {} : { trace_id: span.traceId, span_id: span.spanId }
}

/** Members of a driver's error that quote parameters or rows (PostgreSQL manual, 55.8 "Error and Notice Fields"). */
const PRIVATE = ['params', 'query', 'detail', 'where', 'internalQuery']

function serializeError(error: Error) {
  const shown = stdSerializers.err(error)
  // What was thrown may be no error at all.
  if (!(error instanceof Error)) return shown
  for (const name of PRIVATE) delete shown[name]
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    // Drizzle's message is the statement, then a line of its parameters.
    const { message } = at
    const cut = message.indexOf('\nparams: ')
    if (cut === -1) continue
    shown.message = shown.message.replaceAll(message, () => message.slice(0, cut))
    shown.stack = shown.stack.replaceAll(message, () => message.slice(0, cut))
  }
  return shown
}
