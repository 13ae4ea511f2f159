import type { Database } from '#platform/database/index.ts'
import type { RecordChanges } from '#plugins/audit/contract.ts'
import type { BlockedHost, BlockedHostDraft } from '#schema/shapes/blocked-host.ts'
import { type Page, type PageQuery, pageWindow } from '#schema/shapes/page.ts'
import { wireTime } from '#schema/shapes/text.ts'
import type { BlockedHostRow } from '#schema/tables/blocked-hosts.ts'
import { hostUnknown, hostUnreadable } from './errors.ts'
import { createMatcher, hostOf, normalizeEntry } from './hosts.ts'
import {
  countHosts,
  findHost,
  insertHost,
  listHosts,
  lockList,
  readList,
  readVersion,
  removeHost
} from './store.ts'

/** `app.blocklist`: the hosts to which no link may redirect, from the database and a file. */
export interface BlocklistService {
  /** True if the host of `url` is on this process's copy of the list. */
  blocks(url: string): boolean
  /** The listed hosts and domains on this process's copy of the list, without leading dots. */
  hosts(): readonly string[]
  /** Calls `listener` after each change of the list that {@link blocks} uses. */
  onChange(listener: () => void): void
  /** Lists the entries of the database by host. */
  list(query: PageQuery): Promise<Page<BlockedHost>>
  /** Adds a host and returns its entry, or the existing one. Throws INPUT_INVALID. */
  add(draft: BlockedHostDraft): Promise<BlockedHost>
  /** Removes a host. Throws BLOCKED_HOST_UNKNOWN. */
  remove(host: string): Promise<void>
}

export interface BlocklistCollaborators {
  audit: RecordChanges
  /** The entries of the file. */
  fileEntries(): readonly string[]
  /** Sends the new version of the list to the other replicas. */
  announce(version: number): Promise<void>
}

export function createBlocklistService(
  database: Database,
  { audit, fileEntries, announce }: BlocklistCollaborators
) {
  const { db } = database
  const listeners: (() => void)[] = []
  let known: { version: number; hosts: string[] } = { version: 0, hosts: [] }
  let matcher = createMatcher([])
  let hosts: readonly string[] = []
  let refreshing: Promise<void> | null = null
  let isOutdated = false

  /** Rebuilds the list from both sources and notifies the listeners. */
  function compile(): void {
    const entries = [...known.hosts, ...fileEntries()]
    matcher = createMatcher(entries)
    hosts = entries.map((entry) => entry.replace(/^\.|\.+$/g, ''))
    for (const tell of listeners) tell()
  }

  async function read(): Promise<void> {
    do {
      isOutdated = false
      if ((await readVersion(db)) === known.version) continue
      known = await readList(db)
      compile()
    } while (isOutdated)
  }

  /**
   * Reloads the list if its version has changed. A call during a reload repeats it, because the list may have
   * changed.
   */
  function refresh(): Promise<void> {
    isOutdated = true
    refreshing ??= read().finally(() => {
      refreshing = null
    })
    return refreshing
  }

  async function tell(version: number): Promise<void> {
    await refresh()
    await announce(version)
  }

  const service: BlocklistService = {
    blocks: (url) => matcher.size > 0 && matcher.matches(hostOf(url)),
    hosts: () => hosts,
    onChange: (listener) => void listeners.push(listener),

    async list(query) {
      const { page, perPage } = pageWindow(query)
      const rows = await listHosts(db, perPage, (page - 1) * perPage)
      return { rows: rows.map(present), total: await countHosts(db) }
    },

    async add({ host, reason = null }) {
      const entry = normalizeEntry(host)
      if (entry === null) throw hostUnreadable()
      const [row, isNew] = await database.transaction(async () => {
        await lockList(db)
        const old = await findHost(db, entry)
        if (old !== null) return [old, false] as const
        await audit([{ action: 'created', resource: 'blocked-host', id: entry, after: { reason } }])
        return [await insertHost(db, entry, reason), true] as const
      })
      if (isNew) await database.afterCommit(() => tell(row.version))
      return present(row)
    },

    async remove(host) {
      const entry = normalizeEntry(host) ?? host
      const row = await database.transaction(async () => {
        await lockList(db)
        // An earlier release may have stored another spelling.
        const old = (await findHost(db, entry)) ?? (await findHost(db, host))
        if (old === null) throw hostUnknown(entry)
        const before = { reason: old.reason }
        await audit([{ action: 'deleted', resource: 'blocked-host', id: old.host, before }])
        return removeHost(db, old.host)
      })
      await database.afterCommit(() => tell(row.version))
    }
  }
  return { service, compile, refresh }
}

function present({ host, reason, createdAt }: BlockedHostRow): BlockedHost {
  return { host, reason, created_at: wireTime(createdAt) }
}
