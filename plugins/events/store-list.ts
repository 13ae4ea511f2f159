import { equals, period } from '#platform/lists/filter.ts'
import { defineList } from '#platform/lists/list.ts'
import type { Sort } from '#platform/lists/sorted.ts'
import { type EVENT_SORTS, EventQuery } from '#schema/shapes/event.ts'
import { events } from '#schema/tables/events.ts'
import { ofUrlsOf } from './store.ts'
import { MEMBERS } from './store-chunks.ts'

const sorts: Record<(typeof EVENT_SORTS)[number], Sort> = { id: { by: events.id, type: 'bigint' } }

/** Lists of events; `owner` restricts them to those of its urls, even if deleted. */
export const openEventList = defineList({
  name: 'events',
  query: EventQuery,
  table: events,
  id: events.id,
  sorts,
  comparisons: {
    owner: { compare: ofUrlsOf },
    url_id: equals(events.urlId),
    user_id: equals(events.userId),
    event_type: equals(events.eventType),
    ...period(events.timestamp, 'since', 'until')
  },
  members: MEMBERS,
  isLarge: true
})
