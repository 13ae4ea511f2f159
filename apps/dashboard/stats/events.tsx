import { api } from '#dashboard/core/api.ts'
import { useCursorList } from '#dashboard/core/cursor.ts'
import { text } from '#dashboard/core/language.ts'
import { Age, List } from '#dashboard/ui/list.tsx'
import { Table } from '#dashboard/ui/table.tsx'
import type { Event, EventQuery } from '#schema/shapes/event.ts'

const asText = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null)

/** The latest events of a link. */
export function Events({ id }: { id: number }) {
  const t = text.value.link
  const query: EventQuery = { sort: '-id', url_id: id }
  const list = useCursorList<Event, EventQuery>(`events ${id}`, api.events.list, query)
  return (
    <section class="stack" aria-labelledby="events">
      <h2 id="events">{t.latest}</h2>
      <List
        list={list}
        expected={4}
        empty={{ icon: 'chart', title: t.noEvents, hint: t.noEventsHint }}
        moreLabel={t.moreEvents}
      >
        {(rows) => (
          <Table<Event>
            caption={t.latest}
            layout="is-events card"
            rows={rows}
            keyOf={({ id }) => id}
            columns={[
              {
                id: 'time',
                label: t.columnTime,
                isHead: true,
                render: ({ timestamp }) => <Age time={timestamp} isSoft={false} />
              },
              {
                id: 'event',
                label: t.columnEvent,
                render: ({ event_type }) => <span class="cut">{t.eventTypes[event_type] ?? event_type}</span>
              },
              {
                id: 'source',
                label: t.columnSource,
                render: ({ event_type, details }) => (
                  <span class="cut">
                    {asText(details['referrer']) ??
                      (event_type === 'click' ? <span class="soft">{t.direct}</span> : '')}
                  </span>
                )
              },
              {
                id: 'agent',
                label: t.columnAgent,
                render: ({ details }) => <span class="cut soft">{asText(details['user_agent']) ?? ''}</span>
              }
            ]}
          />
        )}
      </List>
    </section>
  )
}
