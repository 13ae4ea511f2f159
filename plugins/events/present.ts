import type { Event } from '#schema/shapes/event.ts'
import { wireTime } from '#schema/shapes/text.ts'
import type { EventRow } from '#schema/tables/events.ts'

export function presentEvent({ id, urlId, userId, eventType, timestamp, details }: EventRow): Event {
  return {
    id,
    url_id: urlId,
    user_id: userId,
    event_type: eventType,
    timestamp: wireTime(timestamp),
    details
  }
}
