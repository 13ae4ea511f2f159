import { listParameters, TIME_FROM, TIME_UNTIL } from './list.ts'
import { Id, Nullable, PLAIN_TEXT, Time } from './text.ts'
import { type Static, Type } from './type.ts'

const Values = Type.Unsafe<Record<string, unknown> | null>({
  type: ['object', 'null'],
  additionalProperties: true
})
const Word = Type.String({ minLength: 1, maxLength: 128, pattern: PLAIN_TEXT })

/** One change: its author, its resource and the changed values. */
export const AuditEntry = Type.Object(
  {
    id: Id,
    timestamp: Time,
    actor: Type.Object({
      kind: Type.String({ examples: ['open', 'key', 'session', 'system'] }),
      key_id: Nullable(Type.String({ examples: ['9f86d081884c7d65'] })),
      user_id: Nullable(Id),
      name: Nullable(Type.String({ examples: ['deploy script'] }))
    }),
    action: Type.String({ examples: ['created', 'updated', 'deleted', 'restored', 'imported'] }),
    resource: Type.String({ examples: ['url', 'user', 'import'] }),
    resource_id: Nullable(Type.String({ examples: ['1'] })),
    before: Values,
    after: Values,
    request_id: Nullable(Type.String({ examples: ['q5GdYJcT-7'] }))
  },
  { title: 'AuditEntry' }
)

/** The sorts of the audit log. */
export const AUDIT_SORTS = ['id'] as const

const { sort, after, count } = listParameters(AUDIT_SORTS)

export const AuditQuery = Type.Object({
  sort,
  after,
  count,
  action: Type.Optional(Word),
  resource: Type.Optional(Word),
  resource_id: Type.Optional(Word),
  user_id: Type.Optional(Type.Integer({ ...Id, description: 'Changes that this user made' })),
  key_id: Type.Optional(Word),
  request_id: Type.Optional(Word),
  since: TIME_FROM,
  until: TIME_UNTIL,
  before: Type.Optional(Type.Integer({ ...Id, description: 'Entries older than the one with this id' })),
  per_page: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, default: 50 }))
})

export type AuditEntry = Static<typeof AuditEntry>
export type AuditQuery = Static<typeof AuditQuery>
