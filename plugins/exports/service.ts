import { type Caller, isWithin } from '#platform/access/caller.ts'
import { notAllowed } from '#platform/access/errors.ts'
import type { Database } from '#platform/database/index.ts'
import type { ListChunk } from '#platform/database/json-list.ts'
import type { RecordChanges } from '#plugins/audit/contract.ts'
import type { AuditEntry } from '#schema/shapes/audit.ts'
import type { Key, Scope } from '#schema/shapes/key.ts'
import { wireTime } from '#schema/shapes/text.ts'
import type { User } from '#schema/shapes/user.ts'
import type { ExportedUrl } from '#schema/shapes/user-export.ts'
import type { AuditRow } from '#schema/tables/audit-log.ts'
import type { UrlRow } from '#schema/tables/urls.ts'
import { exportRefused } from './errors.ts'
import { hideAuthor, presentSession } from './present.ts'
import { type After, readChanges, readDays, readKeys, readSessions, readUrls } from './store.ts'

/** The parts of `app.users`, `app.audit`, `app.keys`, `app.urls` and `app.events` that exports need. */
export interface ExportCollaborators {
  findUser(caller: Caller, id: number): Promise<User>
  audit: RecordChanges
  actAs<T>(
    author: Pick<Caller, 'kind' | 'keyId' | 'userId' | 'name'> & { requestId: string },
    work: () => T
  ): T
  presentChange(row: AuditRow): AuditEntry
  presentKey(row: Awaited<ReturnType<typeof readKeys>>[number]): Key
  presentUrl(row: UrlRow): Omit<ExportedUrl, 'statistics' | 'events' | 'audit'>
  readEventsOfUrl(urlId: number, page: After): Promise<ListChunk>
  readEventsElsewhere(userId: number, page: After): Promise<ListChunk>
}

/** An export includes the data that these scopes protect, so it needs all of them. */
const SCOPES: readonly Scope[] = ['users:read', 'urls:read', 'events:read', 'stats:read']
const SCOPES_FOR_OTHERS: readonly Scope[] = ['audit:read', 'keys:admin']

const PAGE = 1_000

export function createExportService(
  database: Database,
  collaborators: ExportCollaborators,
  now: () => number
) {
  const { findUser, audit, actAs, presentChange, presentKey, presentUrl } = collaborators
  const { readEventsOfUrl, readEventsElsewhere } = collaborators

  async function* pagesOf<Row extends { id: number }>(read: (page: After) => Promise<Row[]>) {
    for (let after = 0; ; ) {
      const rows = await read({ after, limit: PAGE })
      yield* rows
      if (rows.length < PAGE) return
      after = rows.at(-1)?.id ?? after
    }
  }

  async function* textsOf(read: (page: After) => Promise<ListChunk>) {
    for (let after = 0; ; ) {
      const { text, rows, lastId, isLast } = await read({ after, limit: PAGE })
      if (rows > 0) yield text
      if (isLast) return
      after = lastId
    }
  }

  /** Formats an array as JSON, one piece at a time. */
  async function* listOf<Row>(rows: AsyncIterable<Row> | Iterable<Row>, format: (row: Row) => string) {
    let separator = '['
    for await (const row of rows) {
      yield `${separator}${format(row)}`
      separator = ','
    }
    yield separator === '[' ? '[]' : ']'
  }

  async function* write(user: User): AsyncGenerator<string> {
    const { db } = database
    const { id: userId } = user
    const changesOf = (resource: string, id: number) =>
      listOf(
        pagesOf((page) => readChanges(db, resource, id, page)),
        (row) => JSON.stringify(hideAuthor(userId, presentChange(row)))
      )
    yield `{"exported_at":${JSON.stringify(wireTime(new Date(now())))},"user":${JSON.stringify(user)},"keys":`
    yield* listOf(await readKeys(db, userId), (row) => JSON.stringify(presentKey(row)))
    yield ',"sessions":'
    yield* listOf(await readSessions(db, userId), (row) => JSON.stringify(presentSession(row)))
    yield ',"audit":'
    yield* changesOf('user', userId)
    let separator = ',"urls":['
    for await (const row of pagesOf((page) => readUrls(db, userId, page))) {
      yield `${separator}${JSON.stringify(presentUrl(row)).slice(0, -1)},"statistics":`
      yield JSON.stringify(await readDays(db, row.id))
      yield ',"events":'
      yield* listOf(
        textsOf((page) => readEventsOfUrl(row.id, page)),
        String
      )
      yield ',"audit":'
      yield* changesOf('url', row.id)
      yield '}'
      separator = ','
    }
    yield separator === ',' ? '],"events":' : ',"urls":[],"events":'
    yield* listOf(
      textsOf((page) => readEventsElsewhere(userId, page)),
      String
    )
    yield '}'
  }

  return {
    /**
     * Streams all data of a user as JSON. Each piece is read when it is sent. The export is written to the
     * audit log. Throws USER_UNKNOWN, EXPORT_REFUSED, SCOPE_MISSING before the first piece.
     */
    async open(caller: Caller, id: number, requestId: string): Promise<AsyncGenerator<string>> {
      const user = await findUser(caller, id)
      const isOwn = caller.userId !== null && isWithin(caller.userId, id)
      if (!isOwn && caller.role !== 'admin') throw exportRefused()
      for (const scope of isOwn ? SCOPES : [...SCOPES, ...SCOPES_FOR_OTHERS])
        if (!caller.scopes.has(scope)) throw notAllowed(scope)
      const { kind, keyId, userId, name } = caller
      await actAs({ kind, keyId, userId, name, requestId }, () =>
        audit([{ action: 'exported', resource: 'user', id }])
      )
      return write(user)
    }
  }
}
