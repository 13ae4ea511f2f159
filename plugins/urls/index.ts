import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Executor } from '#platform/database/index.ts'
import type { Lookup } from '#platform/net/safe-fetch.ts'
import type { UrlRow } from '#schema/tables/urls.ts'
import { createCode, RESERVED_CODES } from './codes.ts'
import { targetRefused } from './errors.ts'
import { resolvesInside } from './resolving.ts'
import { createUrlService, type UrlService } from './service.ts'
import { createTargetCheck, type TargetRules } from './targets.ts'

declare module 'fastify' {
  interface FastifyInstance {
    urls: UrlService & {
      /** Calls `listener` with each link that was created without a title, after its commit. */
      onUntitled(listener: (row: UrlRow) => void): void
      /** A random code that may be taken; `attempt` counts from 0 the tries that found none free: codes grow with it. */
      createCode(attempt: number): string
      /** Codes, in lower case, whose path is the server's own. */
      readonly reservedCodes: ReadonlySet<string>
    }
  }
}

export interface UrlOptions {
  /** Where people reach this server; the request tells when undefined. */
  publicUrl: string | undefined
  /** Length of a new code while there is room. */
  codeLength: number
  /** Where links may lead. */
  targets: Omit<TargetRules, 'publicUrl' | 'blocks'> & {
    /** Whether names that have a private address when the link is made are refused too. */
    resolves?: boolean
    /** A test may own the name server. */
    lookup?: Lookup
  }
}

/**
 * Links: publishes `app.urls`. A change is told to
 * `app.cache` after its commit, so that no replica goes on redirecting to what was.
 */
async function urls(app: FastifyInstance, { publicUrl, codeLength, targets }: UrlOptions) {
  const collaborators = {
    lockUserForShare: app.users.lockForShare,
    record: app.events.record,
    audit: app.audit.record,
    findOwned: app.audit.findOwned,
    checkTarget: createTargetCheck({ publicUrl, ...targets, blocks: app.blocklist.blocks }),
    async erase(tx: Executor, userId: number, rows: UrlRow[]) {
      const ids = rows.map(({ id }) => id)
      await app.events.erase(tx, userId, ids)
      await app.idempotency.erase(tx, { urlIds: ids, shortCodes: rows.map(({ shortCode }) => shortCode) })
      await app.audit.erase(tx, { resource: 'url', ids })
    }
  }
  const { service, onUserDeleted } = createUrlService(app.database, app.cache, collaborators, {
    codeLength
  })
  /** Before anything is held in the database: a name server may be slow. */
  async function refuseInside(target: string, path: string): Promise<void> {
    if (targets.resolves && (await resolvesInside(target, targets.lookup)))
      throw targetRefused(path, 'leads into a private network')
  }
  const listeners: ((row: UrlRow) => void)[] = []
  app.decorate('urls', {
    ...service,
    async create(caller, draft, within, target = {}) {
      await refuseInside(draft.original_url, target.blamed ?? 'original_url')
      const row = await service.create(caller, draft, within, target)
      if (row.title === null) for (const tell of listeners) tell(row)
      return row
    },
    async change(caller, id, change, context) {
      const { original_url: target } = change
      // One that stays is not judged.
      if (targets.resolves && target !== undefined && (await service.get(caller, id)).originalUrl !== target)
        await refuseInside(target, 'original_url')
      return service.change(caller, id, change, context)
    },
    onUntitled: (listener) => void listeners.push(listener),
    createCode: (attempt) => createCode(codeLength + Math.floor(attempt / 3)),
    reservedCodes: RESERVED_CODES
  })
  app.users.onDelete(onUserDeleted)
}

export default fp(urls, {
  name: 'urls',
  dependencies: ['database', 'idempotency', 'cache', 'audit', 'blocklist', 'users', 'events'],
  fastify: '5.x'
})
