import { useSignalEffect } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { api } from '#dashboard/core/api.ts'
import { useCursorList } from '#dashboard/core/cursor.ts'
import { text } from '#dashboard/core/language.ts'
import { type Change, lastChange } from '#dashboard/links/changes.ts'
import { Button } from '#dashboard/ui/button.tsx'
import { Differences } from '#dashboard/ui/differences.tsx'
import { Age } from '#dashboard/ui/list.tsx'
import { Empty, ErrorNote, Skeleton } from '#dashboard/ui/states.tsx'
import { Table } from '#dashboard/ui/table.tsx'
import type { HistoryQuery, UrlHistoryEntry } from '#schema/shapes/url-history.ts'

/** The changes of a link with their authors, the newest first. */
export function History({ id }: { id: number }) {
  const t = text.value
  const list = useCursorList<UrlHistoryEntry, HistoryQuery>(
    `history ${id}`,
    (query, options) => api.links.history(id, query, options),
    { limit: 10 }
  )
  useChangesOf(id, list.reload)
  const { data, error } = list
  return (
    <section class="stack" aria-labelledby="history">
      <h2 id="history">{t.history.title}</h2>
      {error !== undefined && <ErrorNote error={error} onRetry={list.reload} />}
      {data === undefined && error === undefined && <Skeleton rows={3} />}
      {data?.rows.length === 0 && (
        <Empty icon="clock" title={t.history.emptyTitle} hint={t.history.emptyHint} />
      )}
      {data && data.rows.length > 0 && (
        <Table<UrlHistoryEntry>
          caption={t.history.title}
          layout="is-list is-audit is-history card"
          rows={data.rows}
          keyOf={({ id }) => id}
          columns={[
            {
              id: 'name',
              label: t.history.change,
              isHead: true,
              render: ({ action }) => <span class="cut strong">{t.audit.actions[action] ?? action}</span>
            },
            { id: 'values', label: t.history.values, render: (entry) => <Differences entry={entry} /> },
            { id: 'actor', label: t.audit.actor, render: ({ actor }) => <Author actor={actor} /> },
            { id: 'time', label: t.audit.time, render: ({ timestamp }) => <Age time={timestamp} /> }
          ]}
        />
      )}
      {data && data.next !== null && (
        <div class="more">
          <Button isBusy={list.isReadingMore} onClick={list.more}>
            {t.history.more}
          </Button>
        </div>
      )}
    </section>
  )
}

function Author({ actor: { kind, name, user_id } }: { actor: UrlHistoryEntry['actor'] }) {
  const t = text.value
  return (
    <span class="target">
      <span class="cut">{name ?? t.audit.kinds[kind] ?? kind}</span>
      {user_id !== null && <span class="soft small number">{t.keys.userOf(user_id)}</span>}
    </span>
  )
}

/** Calls `reload` when this page has changed the link. */
function useChangesOf(id: number, reload: () => void): void {
  const seen = useRef<Change | null>(lastChange.peek())
  useSignalEffect(() => {
    const change = lastChange.value
    if (change === null || change === seen.current) return
    seen.current = change
    if (change.kind === 'changed' && change.url.id === id) reload()
  })
}
