import { type Static, Type } from 'typebox'
import { Id, Nullable, PLAIN_TEXT, Time } from './text.ts'

const Details = Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true })

export const EventType = Type.String({
  minLength: 1,
  maxLength: 64,
  pattern: PLAIN_TEXT,
  examples: ['click', 'created', 'updated', 'deleted']
})
export const Event = Type.Object(
  {
    id: Id,
    url_id: Id,
    user_id: Nullable(Id),
    event_type: Type.String(),
    timestamp: Time,
    details: Details
  },
  { $id: 'Event' }
)
export const EventDraft = Type.Object({
  url_id: Id,
  user_id: Type.Optional(Nullable(Id)),
  event_type: EventType,
  details: Type.Optional(Type.Unsafe<Record<string, unknown>>({ ...Details, format: 'plain-json' }))
})

export type Event = Static<typeof Event>
export type EventDraft = Static<typeof EventDraft>
