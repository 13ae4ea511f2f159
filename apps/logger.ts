import type { FastifyServerOptions } from 'fastify'
import type { Config } from '#apps/config.ts'

/**
 * Options of the log: JSON lines, one object a line, for machines; readable ones on a terminal. Headers, bodies
 * and queries are never logged; errors lose what a driver hangs on them (statements and parameters hold personal
 * data).
 */
export function createLoggerOptions({
  level,
  pretty
}: Config['log']): Exclude<FastifyServerOptions['logger'], boolean> {
  return {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: ['err.params', 'err.query', 'err.cause.detail', 'err.cause.where'], remove: true },
    ...(pretty && {
      transport: {
        target: 'pino-pretty',
        options: { translateTime: 'HH:MM:ss.l', ignore: 'reqId', singleLine: true }
      }
    })
  }
}
