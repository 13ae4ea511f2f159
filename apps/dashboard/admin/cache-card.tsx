import { formatNumber } from '#dashboard/core/format.ts'
import { text } from '#dashboard/core/language.ts'
import { Table } from '#dashboard/ui/table.tsx'
import type { FigureGroup } from '#schema/shapes/system.ts'
import { formatRatio } from './figures.ts'
import { Runbook } from './runbook.tsx'

/** The lookups of one cache by the tier that answered. */
interface Cache {
  name: string
  hits: number
  redisHits: number
  loads: number
  entries: number
  room: number
}

function listCaches(figures: FigureGroup['figures']): Cache[] {
  // Helpers of a cache, such as `urls:unknown`, have entries and no lookups of their own.
  const names = new Set(
    figures.flatMap(({ labels: { cache } }) => (cache === undefined || cache.includes(':') ? [] : cache))
  )
  return [...names].map((name) => {
    const read = (metric: string, event?: string) =>
      figures.find(
        (one) => one.name === metric && one.labels['cache'] === name && one.labels['event'] === event
      )?.value ?? 0
    return {
      name,
      hits: read('fairlead_cache_events_total', 'hits'),
      redisHits: read('fairlead_cache_events_total', 'redisHits'),
      loads: read('fairlead_cache_events_total', 'loads'),
      entries: read('fairlead_cache_entries'),
      room: read('fairlead_cache_entries_max')
    }
  })
}

/** The caches as a table: their metrics have two labels. */
export function CacheCard({ group: { name, figures, runbook } }: { group: FigureGroup }) {
  const t = text.value.system
  const title = t.groups[name] ?? name
  const count = (id: 'hits' | 'redisHits' | 'loads', label: string) => ({
    id,
    label,
    align: 'end' as const,
    render: (cache: Cache) => <span class="number">{formatNumber(cache[id])}</span>
  })
  return (
    <section class="card stack">
      <div class="card-head">
        <h3>{title}</h3>
        <Runbook href={runbook} subject={title} />
      </div>
      <Table<Cache>
        caption={title}
        layout="is-plain"
        rows={listCaches(figures)}
        keyOf={({ name }) => name}
        columns={[
          { id: 'cache', label: t.columnCache, isHead: true, render: ({ name }) => <code>{name}</code> },
          count('hits', t.columnProcess),
          count('redisHits', t.columnRedis),
          count('loads', t.columnLoads),
          {
            id: 'ratio',
            label: t.columnRatio,
            align: 'end',
            render: ({ hits, redisHits, loads }) => {
              const all = hits + redisHits + loads
              return all === 0 ? t.none : formatRatio((hits + redisHits) / all, 1)
            }
          },
          {
            id: 'entries',
            label: t.columnEntries,
            align: 'end',
            render: ({ entries, room }) => t.entriesOf(formatNumber(entries), formatNumber(room))
          }
        ]}
      />
    </section>
  )
}
