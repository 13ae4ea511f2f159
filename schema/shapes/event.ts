import { Warnings } from './answers.ts'
import { listParameters, TIME_FROM, TIME_UNTIL } from './list.ts'
import { Id, Nullable, Time, visibleText } from './text.ts'
import { type Static, Type } from './type.ts'

/**
 * `x-plain-json` is the validator's keyword for JSON that a jsonb column accepts: no NUL, no lone surrogates,
 * limited depth.
 */
const Details = Type.Unsafe<Record<string, unknown>>({
  type: 'object',
  additionalProperties: true,
  examples: [{ short_code: 'oWCnNk' }]
})

export const EventType = Type.String({
  minLength: 1,
  maxLength: 64,
  pattern: visibleText('\\u0000\\uD800-\\uDFFF'),
  examples: ['click', 'created', 'updated', 'deleted', 'restored']
})
export const Event = Type.Object(
  {
    id: Id,
    url_id: Id,
    user_id: Nullable(Id),
    event_type: Type.String({ examples: ['click'] }),
    timestamp: Time,
    details: Details,
    warnings: Warnings
  },
  { title: 'Event' }
)
export const EventDraft = Type.Object(
  {
    url_id: Id,
    user_id: Type.Optional(Nullable(Id)),
    event_type: EventType,
    details: Type.Optional(Type.Unsafe<Record<string, unknown>>({ ...Details, 'x-plain-json': true }))
  },
  { title: 'EventDraft' }
)

export type Event = Static<typeof Event>
export type EventDraft = Static<typeof EventDraft>

/**
 * The sorts of a list of events. Ids follow the order in which events are stored; any other order would need
 * an index that each click pays for.
 */
export const EVENT_SORTS = ['id'] as const

export const EventQuery = Type.Object({
  ...listParameters(EVENT_SORTS),
  url_id: Type.Optional(Id),
  user_id: Type.Optional(Id),
  event_type: Type.Optional(EventType),
  since: TIME_FROM,
  until: TIME_UNTIL
})

export type EventQuery = Static<typeof EventQuery>
