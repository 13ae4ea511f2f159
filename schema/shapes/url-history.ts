import { AuditEntry } from './audit.ts'
import { Id } from './text.ts'
import { type Static, Type } from './type.ts'

const { id, timestamp, actor, action, before, after } = AuditEntry.properties
const { kind, user_id, name } = actor.properties

/** One change of a link: an entry of the audit log, without what only administrators see. */
export const UrlHistoryEntry = Type.Object(
  {
    id,
    timestamp,
    actor: Type.Object({ kind, user_id, name }),
    action,
    before,
    after
  },
  { title: 'UrlHistoryEntry' }
)

export const HistoryQuery = Type.Object({
  after: Type.Optional(
    Type.Integer({ ...Id, description: 'Entries that follow the one with this id; Link has the next' })
  ),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, default: 50 }))
})

export type UrlHistoryEntry = Static<typeof UrlHistoryEntry>
export type HistoryQuery = Static<typeof HistoryQuery>
