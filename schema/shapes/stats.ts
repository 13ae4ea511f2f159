import { Id, Nullable, Time } from './text.ts'
import { type Static, Type } from './type.ts'

const Unit = Type.Enum(['hour', 'day', 'week', 'month'])

/**
 * The query of statistics. The service checks zones and ranges, because its errors explain how to correct
 * them.
 */
export const StatsQuery = Type.Object({
  from: Type.Optional(
    Type.String({
      format: 'wire-time',
      description:
        'Start of the range, UTC; a date alone is a day in `tz`. 30 buckets up to `to` when left out'
    })
  ),
  to: Type.Optional(
    Type.String({
      format: 'wire-time',
      description:
        'End of the range, inclusive, UTC; a date alone is that whole day in `tz`. Now when left out'
    })
  ),
  unit: Type.Optional(Type.Unsafe<Unit>({ ...Unit, default: 'day' })),
  tz: Type.Optional(
    Type.String({
      default: 'UTC',
      description: 'IANA time zone whose days, weeks (from Monday) and months are counted',
      examples: ['Europe/Berlin']
    })
  )
})

const Clicks = Type.Integer({ minimum: 0, description: 'With those of bots' })
const Bots = Type.Integer({ minimum: 0 })
const Visitors = Nullable(
  Type.Integer({
    minimum: 0,
    description: 'People, counted once per UTC day: a visitor on two days counts twice'
  })
)

const Range = {
  from: Time,
  to: Time,
  unit: Unit,
  tz: Type.String({ examples: ['Europe/Berlin'] }),
  clicks: Clicks,
  bots: Bots,
  visitors: Visitors,
  series: Type.Array(
    Type.Object({ start: Time, clicks: Clicks, bots: Bots, visitors: Type.Optional(Type.Integer()) })
  )
}

export const UrlStats = Type.Object({ url_id: Id, ...Range }, { title: 'UrlStats' })

export const OverallStats = Type.Object(
  {
    links: Type.Integer({ minimum: 0 }),
    users: Type.Integer({ minimum: 0 }),
    ...Range,
    top: Type.Array(
      Type.Object({
        url_id: Id,
        short_code: Type.String({ examples: ['oWCnNk'] }),
        original_url: Type.String({ examples: ['https://acme.dev/harbor/canyon/1'] }),
        title: Nullable(Type.String({ examples: ['Campaign page harvest'] })),
        clicks: Clicks
      }),
      { description: 'The most clicked links of the UTC days of the range' }
    )
  },
  { title: 'OverallStats' }
)

type Unit = Static<typeof Unit>
export type StatsQuery = Static<typeof StatsQuery>
export type UrlStats = Static<typeof UrlStats>
export type OverallStats = Static<typeof OverallStats>
