import type { AuditEntry, AuditQuery } from '#schema/shapes/audit.ts'
import type { BlockedHost, BlockedHostDraft } from '#schema/shapes/blocked-host.ts'
import type { Event, EventDraft, EventQuery } from '#schema/shapes/event.ts'
import type { IssuedKey, Key, KeyDraft, KeyQuery } from '#schema/shapes/key.ts'
import type { PageQuery } from '#schema/shapes/page.ts'
import type { ActiveSession, Session, SessionQuery, SignIn } from '#schema/shapes/session.ts'
import type { OverallStats, StatsQuery, UrlStats } from '#schema/shapes/stats.ts'
import type { System } from '#schema/shapes/system.ts'
import type { Tag, TagChange, TagDraft, TagMerge, TagQuery } from '#schema/shapes/tag.ts'
import type { ShortenDraft, Url, UrlChange, UrlDraft } from '#schema/shapes/url.ts'
import type { UrlBulkChange, UrlBulkRemoval, UrlBulkResults } from '#schema/shapes/url-bulk.ts'
import type { HistoryQuery, UrlHistoryEntry } from '#schema/shapes/url-history.ts'
import type { UrlQuery } from '#schema/shapes/url-query.ts'
import type { User, UserChange, UserDraft, UserQuery } from '#schema/shapes/user.ts'
import type { UserExport } from '#schema/shapes/user-export.ts'
import {
  body,
  call,
  callOn,
  change,
  list,
  listOn,
  type Operation,
  post,
  query,
  queryOn
} from './operations.ts'
import { type ClientOptions, createSend, type Send } from './send.ts'

/** The operations of the API, by group and name. */
const OPERATIONS = {
  links: {
    list: list<Url, UrlQuery>('/urls'),
    get: callOn<number, Url>('GET', '/urls/:id'),
    create: post<UrlDraft, Url>('/urls', { isKeyed: true }),
    /** As `create`; the target may be called `url`. */
    shorten: post<ShortenDraft, Url>('/shorten', { isKeyed: true }),
    change: change<number, UrlChange, Url>('PUT', '/urls/:id'),
    remove: queryOn<number, null, { reason?: string }>('DELETE', '/urls/:id'),
    restore: callOn<number, Url>('POST', '/urls/:id/restore'),
    history: listOn<number, UrlHistoryEntry, HistoryQuery>('/urls/:id/history'),
    /** Up to 1,000 links, with a result for each. */
    changeAll: body<UrlBulkChange, UrlBulkResults>('PATCH', '/api/links/bulk'),
    removeAll: body<UrlBulkRemoval, UrlBulkResults>('DELETE', '/api/links/bulk'),
    stats: queryOn<number, UrlStats, StatsQuery>('GET', '/urls/:id/stats')
  },
  users: {
    list: list<User, UserQuery>('/users'),
    get: callOn<number, User>('GET', '/users/:id'),
    create: post<UserDraft, User>('/users', { isKeyed: true }),
    change: change<number, UserChange, User>('PUT', '/users/:id'),
    remove: queryOn<number, null, { cascade?: boolean }>('DELETE', '/users/:id'),
    erase: callOn<number, null>('POST', '/users/:id/erasure'),
    export: callOn<number, UserExport>('GET', '/users/:id/export')
  },
  keys: {
    list: list<Key, KeyQuery>('/keys'),
    create: post<KeyDraft, IssuedKey>('/keys'),
    rotate: callOn<string, IssuedKey>('POST', '/keys/:id/rotate'),
    revoke: callOn<string, null>('DELETE', '/keys/:id')
  },
  events: {
    list: list<Event, EventQuery>('/events'),
    get: callOn<number, Event>('GET', '/events/:id'),
    create: post<EventDraft, Event>('/events', { isKeyed: true })
  },
  audit: { list: list<AuditEntry, AuditQuery>('/audit') },
  blockedHosts: {
    list: list<BlockedHost, PageQuery>('/blocked-hosts'),
    add: post<BlockedHostDraft, BlockedHost>('/blocked-hosts', { isKeyed: true }),
    remove: callOn<string, null>('DELETE', '/blocked-hosts/:id')
  },
  session: {
    /** The caller and its rights, on an open server too. */
    get: call<Session>('GET', '/session'),
    signIn: post<SignIn, Session>('/session'),
    signOut: call<null>('DELETE', '/session')
  },
  /** Signed-in browsers. */
  sessions: {
    list: list<ActiveSession, SessionQuery>('/api/sessions'),
    end: callOn<string, null>('DELETE', '/api/sessions/:id'),
    endOthers: call<null>('DELETE', '/api/sessions')
  },
  stats: { get: query<OverallStats, StatsQuery>('/stats') },
  tags: {
    list: list<Tag, TagQuery>('/api/tags'),
    create: post<TagDraft, Tag>('/api/tags', { isKeyed: true }),
    change: change<string, TagChange, Tag>('PATCH', '/api/tags/:id'),
    merge: change<string, TagMerge, Tag>('POST', '/api/tags/:id/merge'),
    remove: callOn<string, null>('DELETE', '/api/tags/:id')
  },
  system: { get: call<System>('GET', '/api/system') }
}

type Operations = typeof OPERATIONS

/** The API of a server. Each method throws an `ApiError` if it fails. */
export type Client = {
  [Group in keyof Operations]: {
    [Name in keyof Operations[Group]]: Operations[Group][Name] extends Operation<infer Call> ? Call : never
  }
}

/** Creates a client; it has no dependencies and runs in browsers and Node. */
export function createClient(options: ClientOptions): Client {
  const send = createSend(options)
  const bind = (operations: Record<string, (send: Send) => unknown>) =>
    Object.fromEntries(Object.entries(operations).map(([name, operation]) => [name, operation(send)]))
  return Object.fromEntries(
    Object.entries(OPERATIONS).map(([group, operations]) => [group, bind(operations)])
  ) as Client
}
