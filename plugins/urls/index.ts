import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Lookup } from '#platform/net/safe-fetch.ts'
import type { ImportKind } from '#plugins/imports/contract.ts'
import type { UrlRow } from '#schema/tables/urls.ts'
import { createCode } from './codes.ts'
import { targetRefused } from './errors.ts'
import { presentForExport } from './present.ts'
import { resolveAll, resolvesInside } from './resolving.ts'
import { createUrlService, type UrlService } from './service.ts'
import { LINKS } from './service-parts.ts'
import { ROWS } from './service-rows.ts'
import { createUrlImport } from './store-import.ts'
import { createTargetCheck, type TargetRules } from './targets.ts'

declare module 'fastify' {
  interface FastifyInstance {
    urls: UrlService & {
      /**
       * Returns a link as exported: with the fields that only its owner and administrators see, without its
       * short URL.
       */
      presentForExport: typeof presentForExport
      importKind: ImportKind
    }
  }
}

export interface UrlOptions {
  /** The public address of this server. If undefined, it comes from the request. */
  publicUrl: string | undefined
  /** Length of a new code, until that space is full. */
  codeLength: number
  /** URL schemes that targets may have, in lower case. */
  schemes: readonly string[]
  /** Which targets are allowed. */
  targets: Omit<TargetRules, 'publicUrl' | 'blocks'> & {
    /** Also refuse targets whose names have a private address at creation. */
    resolves?: boolean
    /** Tests inject a name server. */
    lookup?: Lookup
  }
}

/**
 * Links: publishes `app.urls`. A change invalidates `app.cache` after its commit, so that no replica
 * redirects to the old target.
 */
async function urls(app: FastifyInstance, { publicUrl, codeLength, schemes, targets }: UrlOptions) {
  const collaborators = {
    users: app.users,
    events: app.events,
    audit: app.audit,
    outbox: app.outbox,
    checkTarget: createTargetCheck({ publicUrl, ...targets, blocks: app.blocklist.blocks }),
    async erase(userId: number, rows: UrlRow[]) {
      const ids = rows.map(({ id }) => id)
      await app.events.erase(userId, ids)
      const links = rows.map(({ domain, shortCode: code }) => ({ domain, code }))
      await app.idempotency.erase({ urlIds: ids, links })
      await app.audit.erase({ resource: 'url', ids })
    }
  }
  const { service, onUserDeleted } = createUrlService(app.database, app.cache, collaborators, {
    codeLength
  })
  /** Runs before any transaction, because a name server may be slow. */
  async function refuseInside(target: string, path: string): Promise<void> {
    if (targets.resolves && (await resolvesInside(target, targets.lookup)))
      throw targetRefused(path, 'leads into a private network')
  }
  app.decorate('urls', {
    ...service,
    async prepare(caller, draft, target = {}) {
      await refuseInside(draft.original_url, target.blamed ?? 'original_url')
      return service.prepare(caller, draft, target)
    },
    async change(caller, id, change, context) {
      const { original_url: target } = change
      // An unchanged target is not checked.
      if (
        targets.resolves &&
        target !== undefined &&
        (await service.getCurrent(caller, id)).originalUrl !== target
      )
        await refuseInside(target, 'original_url')
      return service.change(caller, id, change, context)
    },
    async changeAll(caller, items, context) {
      const wanted = targets.resolves ? items.flatMap(({ change }) => change.original_url ?? []) : []
      if (wanted.length === 0) return service.changeAll(caller, items, context)
      const verdicts = await resolveAll(wanted, targets.lookup)
      const checked = items.map((item) => ({
        ...item,
        refused: refusalOf(item.change.original_url, verdicts)
      }))
      return service.changeAll(caller, checked, context)
    },
    presentForExport,
    importKind: createUrlImport({
      schemes,
      blocks: app.blocklist.blocks,
      createCode: (attempt) => createCode(codeLength + Math.floor(attempt / 3)),
      async forgetUnknown() {
        await app.cache.invalidateUnknown(LINKS)
        await app.cache.invalidateUnknown(ROWS)
      }
    })
  })
  app.users.onDelete(onUserDeleted)
}

function refusalOf(target: string | undefined, verdicts: Map<string, boolean | undefined>) {
  const isInside = target === undefined ? false : verdicts.get(target)
  if (isInside === false) return undefined
  return targetRefused(
    'original_url',
    isInside ? 'leads into a private network' : 'has a host that was not looked up in time'
  )
}

export default fp(urls, {
  name: 'urls',
  dependencies: ['database', 'outbox', 'idempotency', 'cache', 'audit', 'blocklist', 'users', 'events'],
  fastify: '5.x'
})
