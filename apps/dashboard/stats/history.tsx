import { api } from '#dashboard/core/api.ts'
import { useCursorList } from '#dashboard/core/cursor.ts'
import { text } from '#dashboard/core/language.ts'
import { useChanges } from '#dashboard/links/use-changes.ts'
import { Differences } from '#dashboard/ui/differences.tsx'
import { Age, List } from '#dashboard/ui/list.tsx'
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
  useChanges((change) => {
    if (change.kind === 'changed' && change.url.id === id) list.reload()
  })
  return (
    <section class="stack" aria-labelledby="history">
      <h2 id="history">{t.history.title}</h2>
      <List
        list={list}
        expected={3}
        empty={{ icon: 'clock', title: t.history.emptyTitle, hint: t.history.emptyHint }}
        moreLabel={t.history.more}
      >
        {(rows) => (
          <Table<UrlHistoryEntry>
            caption={t.history.title}
            layout="is-list is-audit is-history card"
            rows={rows}
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
      </List>
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
