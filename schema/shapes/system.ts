import { Nullable, Time } from './text.ts'
import { type Static, Type } from './type.ts'

/** The state of an installation, for administrators. */

const Source = Type.Enum(['prometheus', 'process'], {
  description:
    '`prometheus`: figures of all processes, from PROMETHEUS_URL. `process`: figures of the process that answers'
})
const Runbook = Type.String({
  description: 'What to do when these figures are bad',
  examples: ['https://github.com/fairlead/fairlead/blob/main/ops/runbooks/clicks-late.md']
})

const Figure = Type.Object(
  {
    name: Type.String({ description: 'The metric', examples: ['fairlead_clicks_total'] }),
    labels: Type.Unsafe<Record<string, string>>({
      type: 'object',
      additionalProperties: { type: 'string' },
      examples: [{ outcome: 'stored' }]
    }),
    combined: Type.Enum(['sum', 'min', 'max'], {
      description: 'How the values of several processes make this one'
    }),
    value: Type.Number({ examples: [42] })
  },
  { title: 'Figure' }
)
const FigureGroup = Type.Object(
  {
    name: Type.String({ examples: ['clicks'] }),
    runbook: Runbook,
    figures: Type.Array(Figure, { description: 'Empty where nothing is known' })
  },
  { title: 'FigureGroup' }
)
const Replica = Type.Object(
  {
    instance: Type.String({ examples: ['10.0.0.5:3000'] }),
    job: Type.String({ examples: ['fairlead', 'fairlead-worker'] }),
    is_up: Type.Boolean(),
    version: Nullable(Type.String({ examples: ['1.4.0'] })),
    node: Nullable(Type.String({ examples: ['v24.11.0'] })),
    uptime_seconds: Nullable(Type.Number())
  },
  { title: 'Replica' }
)
const Slo = Type.Object(
  {
    name: Type.String({ examples: ['redirect-availability'] }),
    objective: Nullable(Type.Number({ examples: [0.9999] })),
    error_ratio_30d: Nullable(Type.Number()),
    budget_remaining: Nullable(
      Type.Number({ description: '1: untouched, 0: spent, negative: overspent', examples: [0.87] })
    ),
    runbook: Runbook
  },
  { title: 'Slo' }
)
const FiringAlert = Type.Object(
  {
    name: Type.String({ examples: ['ClicksLate'] }),
    severity: Nullable(Type.String({ examples: ['page', 'ticket'] })),
    since: Time,
    labels: Type.Unsafe<Record<string, string>>({
      type: 'object',
      additionalProperties: { type: 'string' }
    }),
    summary: Nullable(Type.String()),
    runbook: Nullable(Type.String())
  },
  { title: 'FiringAlert' }
)
const SystemSetting = Type.Object(
  {
    name: Type.String({ examples: ['REDIS_URL'] }),
    value: Nullable(
      Type.String({ description: 'Without secrets', examples: ['redis://(hidden)@redis:6379/0'] })
    ),
    default: Nullable(Type.String()),
    is_default: Type.Boolean(),
    description: Type.String()
  },
  { title: 'SystemSetting' }
)

export const System = Type.Object(
  {
    source: Source,
    source_reason: Nullable(
      Type.String({
        description: 'Why the figures are those of one process',
        examples: ['PROMETHEUS_URL is not set']
      })
    ),
    process: Type.Object({
      host: Type.String(),
      pid: Type.Integer(),
      version: Type.String({ examples: ['1.4.0'] }),
      node: Type.String({ examples: ['v24.11.0'] }),
      started_at: Time,
      uptime_seconds: Type.Number()
    }),
    postgres: Type.Object({
      version: Nullable(
        Type.String({ description: 'Null if the database does not answer', examples: ['18.1'] })
      ),
      is_bundled: Type.Boolean()
    }),
    replicas: Type.Object({
      expected: Type.Integer({ description: 'The setting REPLICAS, which includes workers' }),
      known: Type.Array(Replica, { description: 'Without Prometheus only the process that answers' }),
      runbook: Runbook
    }),
    groups: Type.Array(FigureGroup),
    slos: Nullable(Type.Array(Slo, { description: 'Null without Prometheus' })),
    alerts: Nullable(Type.Array(FiringAlert, { description: 'Null without Prometheus' })),
    settings: Type.Array(SystemSetting)
  },
  { title: 'System' }
)

export type System = Static<typeof System>
export type SystemSetting = Static<typeof SystemSetting>
export type FigureGroup = Static<typeof FigureGroup>
