import { AuditEntry } from './audit.ts'
import { Event } from './event.ts'
import { Key } from './key.ts'
import { Nullable, Time } from './text.ts'
import { type Static, Type } from './type.ts'
import { Url } from './url.ts'
import { User } from './user.ts'

/** All stored data of a user, in its wire format. */

export const DayCount = Type.Object(
  {
    day: Type.String({ examples: ['2025-06-04'] }),
    clicks: Type.Integer(),
    bots: Type.Integer(),
    visitors: Type.Integer()
  },
  { title: 'DayCount' }
)

const { short_url: _, state: __, visits_left: ___, ...stored } = Url.properties

export const ExportedUrl = Type.Object(
  {
    ...stored,
    deleted_at: Nullable(Time),
    visits_used: Type.Integer({ description: 'Redirects given while the link had a limit' }),
    statistics: Type.Array(DayCount, { description: 'Clicks by day, UTC' }),
    events: Type.Array(Event),
    audit: Type.Array(AuditEntry)
  },
  { title: 'ExportedUrl' }
)

export const ExportedSession = Type.Object(
  {
    id: Type.String(),
    created_at: Time,
    last_seen_at: Time,
    expires_at: Time
  },
  { title: 'ExportedSession' }
)

export const UserExport = Type.Object(
  {
    exported_at: Time,
    user: User,
    keys: Type.Array(Key, { description: 'Without their secrets, which are not stored' }),
    sessions: Type.Array(ExportedSession),
    audit: Type.Array(AuditEntry, { description: 'Changes of the user; other authors are not named' }),
    urls: Type.Array(ExportedUrl, { description: 'Deleted ones too' }),
    events: Type.Array(Event, { description: 'What the user did on links of others' })
  },
  { title: 'UserExport' }
)

export type DayCount = Static<typeof DayCount>
export type ExportedUrl = Static<typeof ExportedUrl>
export type ExportedSession = Static<typeof ExportedSession>
export type UserExport = Static<typeof UserExport>
