import { api } from '#dashboard/core/api.ts'
import { useCursorList } from '#dashboard/core/cursor.ts'
import { HOME } from '#dashboard/core/environment.ts'
import { text } from '#dashboard/core/language.ts'
import { may } from '#dashboard/core/session.ts'
import { Differences } from '#dashboard/ui/differences.tsx'
import { TextField } from '#dashboard/ui/field.tsx'
import { Age, List } from '#dashboard/ui/list.tsx'
import { SearchField } from '#dashboard/ui/search.tsx'
import { Table } from '#dashboard/ui/table.tsx'
import type { AuditEntry, AuditQuery } from '#schema/shapes/audit.ts'
import { AreaPage } from './area-page.tsx'
import { FilterSelect, useFilters } from './filter.tsx'

const NAMES = ['resource', 'action', 'resource_id', 'since', 'until'] as const

/** The log of changes, the newest first. Filters are in the address. */
export default function AuditPage() {
  return may('audit:read') ? <Allowed /> : <AreaPage area="audit">{null}</AreaPage>
}

function Allowed() {
  const t = text.value.audit
  const [filters, setFilters] = useFilters(NAMES)
  const given = Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== ''))
  const list = useCursorList<AuditEntry, AuditQuery>(`audit ${JSON.stringify(given)}`, api.audit.list, {
    sort: '-id',
    ...given
  })
  const options = (all: string, labels: Record<string, string>) => [
    { value: '', label: all },
    ...Object.entries(labels).map(([value, label]) => ({ value, label }))
  ]
  return (
    <AreaPage area="audit">
      <div class="filters">
        <FilterSelect
          label={t.resource}
          value={filters.resource}
          options={options(t.allResources, t.resources)}
          onValue={(resource) => setFilters({ resource })}
        />
        <FilterSelect
          label={t.action}
          value={filters.action}
          options={options(t.allActions, t.actions)}
          onValue={(action) => setFilters({ action })}
        />
        <SearchField
          label={t.resourceId}
          value={filters.resource_id}
          onValue={(id) => setFilters({ resource_id: id.trim() })}
        />
      </div>
      <div class="period">
        <TextField
          label={t.since}
          type="date"
          value={filters.since}
          onValue={(since) => setFilters({ since })}
        />
        <TextField
          label={t.until}
          type="date"
          value={filters.until}
          onValue={(until) => setFilters({ until })}
        />
      </div>
      <List
        list={list}
        isFiltered={Object.keys(given).length > 0}
        onReset={() => setFilters({ resource: '', action: '', resource_id: '', since: '', until: '' })}
        empty={{ icon: 'book', title: t.emptyTitle, hint: t.emptyHint }}
      >
        {(rows) => <EntryTable rows={rows} />}
      </List>
    </AreaPage>
  )
}

function EntryTable({ rows }: { rows: readonly AuditEntry[] }) {
  const t = text.value
  return (
    <Table<AuditEntry>
      caption={t.admin.tabs.audit}
      layout="is-list is-audit card"
      rows={rows}
      keyOf={({ id }) => id}
      columns={[
        { id: 'name', label: t.audit.change, isHead: true, render: (entry) => <What entry={entry} /> },
        { id: 'values', label: t.audit.differences, render: (entry) => <Differences entry={entry} /> },
        { id: 'actor', label: t.audit.actor, render: ({ actor }) => <Actor actor={actor} /> },
        { id: 'time', label: t.audit.time, render: ({ timestamp }) => <Age time={timestamp} /> }
      ]}
    />
  )
}

function What({ entry: { action, resource, resource_id } }: { entry: AuditEntry }) {
  const t = text.value.audit
  const name = `${t.resources[resource] ?? resource} ${resource_id ?? ''}`
  return (
    <span class="target">
      {resource === 'url' && resource_id !== null ? (
        <a class="cut strong" href={`${HOME}/links/${resource_id}`}>
          {name}
        </a>
      ) : (
        <span class="cut strong">{name}</span>
      )}
      <span class="soft">{t.actions[action] ?? action}</span>
    </span>
  )
}

function Actor({ actor: { kind, name, key_id, user_id } }: { actor: AuditEntry['actor'] }) {
  const t = text.value
  return (
    <span class="target">
      <span class="cut">{name ?? t.audit.kinds[kind] ?? kind}</span>
      {user_id !== null && <span class="soft small number">{t.keys.userOf(user_id)}</span>}
      {key_id !== null && <code class="cut soft">{key_id}</code>}
    </span>
  )
}
