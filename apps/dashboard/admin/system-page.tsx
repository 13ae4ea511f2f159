import { api } from '#dashboard/core/api.ts'
import { formatAge, parseWire } from '#dashboard/core/format.ts'
import { text } from '#dashboard/core/language.ts'
import { type Resource, useResource } from '#dashboard/core/resource.ts'
import { may } from '#dashboard/core/session.ts'
import { Button } from '#dashboard/ui/button.tsx'
import { Badge, ErrorNote, Skeleton } from '#dashboard/ui/states.tsx'
import { Table } from '#dashboard/ui/table.tsx'
import type { FigureGroup, System } from '#schema/shapes/system.ts'
import { AreaPage } from './area-page.tsx'
import { CacheCard } from './cache-card.tsx'
import { formatDuration, formatFigure, formatRatio } from './figures.ts'
import { Runbook } from './runbook.tsx'
import { SettingsTable } from './settings-table.tsx'

/** The state of the installation. */
export default function SystemPage() {
  return may('system:read') ? <Allowed /> : <AreaPage area="system">{null}</AreaPage>
}

function Allowed() {
  const t = text.value.system
  const system = useResource('system', (signal) => api.system.get({ signal }))
  return (
    <AreaPage
      area="system"
      action={
        <Button isBusy={system.isLoading} onClick={system.reload}>
          {t.refresh}
        </Button>
      }
    >
      <Content system={system} />
    </AreaPage>
  )
}

function Content({ system: { data, error, reload } }: { system: Resource<System> }) {
  return (
    <>
      {error !== undefined && <ErrorNote error={error} onRetry={reload} />}
      {data === undefined && error === undefined && <Skeleton rows={6} />}
      {data && (
        <div class="stack wide">
          <Source system={data} />
          {data.alerts && <Alerts alerts={data.alerts} />}
          <Replicas replicas={data.replicas} />
          {data.slos && data.slos.length > 0 && <Objectives slos={data.slos} />}
          <section class="stack" aria-labelledby="figures">
            <h2 id="figures">{text.value.system.figures}</h2>
            <div class="groups">
              {data.groups
                .filter(({ name }) => name !== 'caches')
                .map((group) => (
                  <Group key={group.name} group={group} />
                ))}
            </div>
            {data.groups
              .filter(({ name }) => name === 'caches')
              .map((group) => (
                <CacheCard key={group.name} group={group} />
              ))}
          </section>
          <SettingsTable settings={data.settings} />
        </div>
      )}
    </>
  )
}

function Source({ system }: { system: System }) {
  const t = text.value.system
  const { postgres, process } = system
  const isWhole = system.source === 'prometheus'
  return (
    <section class="card stack">
      <dl class="totals">
        <Fact label={t.release} value={process.version} hint={process.node} />
        <Fact
          label={t.database}
          value={postgres.version ?? t.unreachable}
          hint={postgres.is_bundled ? t.bundled : undefined}
        />
        <Fact label={t.running} value={formatDuration(process.uptime_seconds)} hint={process.host} />
      </dl>
      <p class="soft wrap">
        {isWhole ? t.wholeSource : t.ownSource(process.host)}{' '}
        {system.source_reason !== null && t.why(system.source_reason)}
      </p>
    </section>
  )
}

function Fact({ label, value, hint }: { label: string; value: string; hint?: string | undefined }) {
  return (
    <div>
      <dt class="soft small is-plain">{label}</dt>
      <dd class="fact wrap">{value}</dd>
      {hint && <dd class="soft small wrap">{hint}</dd>}
    </div>
  )
}

function Alerts({ alerts }: { alerts: NonNullable<System['alerts']> }) {
  const t = text.value.system
  return (
    <section class="card stack">
      <h2>{t.alerts}</h2>
      {alerts.length === 0 && <p class="soft">{t.noAlerts}</p>}
      <ul class="stack">
        {alerts.map((alert) => (
          <li key={JSON.stringify(alert.labels) + alert.name} class="section-head">
            <div class="fill">
              <p class="row">
                <Badge tone={alert.severity === 'page' ? 'bad' : 'warn'}>{alert.severity ?? t.unknown}</Badge>
                <strong class="wrap">{alert.name}</strong>
                <span class="soft small">{t.since(formatAge(parseWire(alert.since)))}</span>
              </p>
              <p class="soft wrap">{alert.summary}</p>
            </div>
            {alert.runbook && <Runbook href={alert.runbook} subject={alert.name} />}
          </li>
        ))}
      </ul>
    </section>
  )
}

type Replica = System['replicas']['known'][number]

function Replicas({ replicas: { known, expected, runbook } }: { replicas: System['replicas'] }) {
  const t = text.value.system
  return (
    <section class="card stack">
      <div class="card-head">
        <h2>{t.processes}</h2>
        <p class="soft small number">{t.expected(known.length, expected)}</p>
        <Runbook href={runbook} subject={t.processes} />
      </div>
      <Table<Replica>
        caption={t.processes}
        layout="is-plain"
        rows={known}
        keyOf={({ job, instance }) => `${job} ${instance}`}
        columns={[
          {
            id: 'instance',
            label: t.columnInstance,
            isHead: true,
            render: ({ instance }) => <span class="wrap">{instance}</span>
          },
          { id: 'job', label: t.columnJob, render: ({ job }) => job },
          {
            id: 'state',
            label: t.columnState,
            render: ({ is_up }) => <Badge tone={is_up ? 'good' : 'bad'}>{is_up ? t.up : t.down}</Badge>
          },
          { id: 'version', label: t.columnVersion, render: ({ version }) => version ?? t.unknown },
          {
            id: 'uptime',
            label: t.columnUptime,
            align: 'end',
            render: ({ uptime_seconds }) =>
              uptime_seconds === null ? t.unknown : formatDuration(uptime_seconds)
          }
        ]}
      />
    </section>
  )
}

type Slo = NonNullable<System['slos']>[number]

function Objectives({ slos }: { slos: readonly Slo[] }) {
  const t = text.value.system
  const show = (value: number | null) => (value === null ? t.unknown : formatRatio(value, 3))
  return (
    <section class="card stack">
      <h2>{t.objectives}</h2>
      <Table<Slo>
        caption={t.objectives}
        layout="is-plain"
        rows={slos}
        keyOf={({ name }) => name}
        columns={[
          { id: 'name', label: t.columnObjective, isHead: true, render: ({ name }) => name },
          { id: 'target', label: t.columnTarget, align: 'end', render: ({ objective }) => show(objective) },
          {
            id: 'errors',
            label: t.columnErrors,
            align: 'end',
            render: ({ error_ratio_30d }) => show(error_ratio_30d)
          },
          {
            id: 'budget',
            label: t.columnBudget,
            align: 'end',
            render: ({ budget_remaining: left }) => (
              <Badge tone={left === null ? 'plain' : left <= 0 ? 'bad' : left < 0.25 ? 'warn' : 'good'}>
                {left === null ? t.unknown : formatRatio(left, 0)}
              </Badge>
            )
          },
          {
            id: 'runbook',
            label: t.runbook,
            align: 'end',
            isBare: true,
            render: ({ name, runbook }) => <Runbook href={runbook} subject={name} />
          }
        ]}
      />
    </section>
  )
}

function Group({ group: { name, figures, runbook } }: { group: FigureGroup }) {
  const t = text.value.system
  const title = t.groups[name] ?? name
  return (
    <section class="card group">
      <div class="card-head">
        <h3>{title}</h3>
        <Runbook href={runbook} subject={title} />
      </div>
      {figures.length === 0 && <p class="soft">{t.noFigures}</p>}
      <dl class="figures">
        {figures.map((figure) => (
          <div key={figure.name + JSON.stringify(figure.labels)}>
            <dt class="wrap" title={figure.name}>
              {t.metrics[figure.name] ?? figure.name}
              {Object.keys(figure.labels).length > 0 && (
                <code class="soft"> {Object.values(figure.labels).join(' · ')}</code>
              )}
            </dt>
            <dd class="number">{formatFigure(figure.name, figure.value)}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
