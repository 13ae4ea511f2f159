import { Type } from '#schema/shapes/type.ts'
import { optional, text } from './setting-kinds.ts'

/** Settings of traces and of the system's figures: a part of apps/settings.ts. */
export const MonitoringSettings = Type.Object({
  OTEL_EXPORTER_OTLP_ENDPOINT: optional(
    text(
      'OpenTelemetry collector for traces (OTLP over HTTP; `/v1/traces` is appended); tracing is off when unset',
      {
        pattern: '^https?://.+'
      }
    )
  ),
  OTEL_TRACES_SAMPLER_ARG: Type.Number({
    description: 'Share of requests that are traced, from 0 to 1',
    default: 0.1,
    minimum: 0,
    maximum: 1
  }),
  PROMETHEUS_URL: optional(
    text(
      'Prometheus that scrapes all processes (`http://prometheus:9090`): `/api/system` then shows figures of all of them, the error budgets and the firing alerts',
      { format: 'base-url' }
    )
  )
})
