import { api } from '#dashboard/core/api.ts'
import { useCursorList } from '#dashboard/core/cursor.ts'
import { text } from '#dashboard/core/language.ts'
import { Button } from '#dashboard/ui/button.tsx'
import { Age } from '#dashboard/ui/list.tsx'
import { Empty, ErrorNote, Skeleton } from '#dashboard/ui/states.tsx'
import { Table } from '#dashboard/ui/table.tsx'
import type { Event, EventQuery } from '#schema/shapes/event.ts'

const asText = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null)

/** The latest events of a link. */
export function Events({ id }: { id: number }) {
  const t = text.value.link
  const query: EventQuery = { sort: '-id', url_id: id }
  const list = useCursorList<Event, EventQuery>(`events ${id}`, api.events.list, query)
  const { data } = list
  return (
    <section class="stack" aria-labelledby="events">
      <h2 id="events">{t.latest}</h2>
      {list.error !== undefined && <ErrorNote error={list.error} onRetry={list.reload} />}
      {data === undefined && list.error === undefined && <Skeleton rows={4} />}
      {data?.rows.length === 0 && <Empty icon="chart" title={t.noEvents} hint={t.noEventsHint} />}
      {data && data.rows.length > 0 && (
        <Table<Event>
          caption={t.latest}
          layout="is-events card"
          rows={data.rows}
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
      {data && data.next !== null && (
        <div class="more">
          <Button isBusy={list.isReadingMore} onClick={list.more}>
            {t.moreEvents}
          </Button>
        </div>
      )}
    </section>
  )
}
