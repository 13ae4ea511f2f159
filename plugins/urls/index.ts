import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Lookup } from '#platform/net/safe-fetch.ts'
import type { ImportKind } from '#plugins/imports/contract.ts'
import type { UrlChange } from '#schema/shapes/url.ts'
import type { UrlRow } from '#schema/tables/urls.ts'
import { type CodeOptions, type Codes, createCodes } from './codes.ts'
import { targetRefused } from './errors.ts'
import { targetsOf } from './fields.ts'
import { keepCodesFolded } from './folding.ts'
import { createPresenter, type Presenter, presentForExport } from './present.ts'
import { resolveAll, resolvesInside } from './resolving.ts'
import { createUrlService, type UrlService } from './service.ts'
import { codesOf } from './service-codes.ts'
import { LINKS } from './service-parts.ts'
import { ROWS } from './service-rows.ts'
import { createUrlImport } from './store-import.ts'
import { blame, createTargetCheck, type TargetRules } from './targets.ts'

declare module 'fastify' {
  interface FastifyInstance {
    urls: UrlService &
      Presenter & {
        /**
         * Returns a link as exported: with the fields that only its owner and administrators see, without its
         * short URL.
         */
        presentForExport: typeof presentForExport
        importKind: ImportKind
        /** How this server makes and compares codes. */
        codes: Codes
      }
  }
}

export interface UrlOptions {
  /** The public address of this server. If undefined, it comes from the request. */
  publicUrl: string | undefined
  codes: CodeOptions
  /** Whether this process folds the codes of other processes, if it ignores their case; servers do. */
  folds: boolean
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
async function urls(app: FastifyInstance, { publicUrl, schemes, targets, ...options }: UrlOptions) {
  const codes = createCodes(options.codes)
  const collaborators = {
    users: app.users,
    events: app.events,
    audit: app.audit,
    outbox: app.outbox,
    blocklist: app.blocklist,
    checkTarget: createTargetCheck({ publicUrl, ...targets, blocks: app.blocklist.blocks }),
    async erase(userId: number, rows: UrlRow[]) {
      const ids = rows.map(({ id }) => id)
      await app.events.erase(userId, ids)
      const links = rows.flatMap((row) => codesOf(row).map((code) => ({ domain: row.domain, code })))
      await app.idempotency.erase({ urlIds: ids, links })
      await app.audit.erase({ resource: 'url', ids })
    }
  }
  const { service, onUserDeleted } = createUrlService(app.database, app.cache, collaborators, codes)
  /** Runs before any transaction, because a name server may be slow. */
  async function refuseInside(target: string, path: string): Promise<void> {
    if (targets.resolves && (await resolvesInside(target, targets.lookup)))
      throw targetRefused(path, 'leads into a private network')
  }
  app.decorate('urls', {
    ...service,
    async prepare(caller, draft, target = {}) {
      for (const { name, url } of targetsOf(draft)) await refuseInside(url, blame(name, target.blamed))
      return service.prepare(caller, draft, target)
    },
    async change(caller, id, change, context) {
      const wanted = targets.resolves ? targetsOf(change) : []
      if (wanted.length > 0) {
        const current = await service.getCurrent(caller, id)
        // An unchanged target is not checked.
        for (const { name, column, url } of wanted) if (current[column] !== url) await refuseInside(url, name)
      }
      return service.change(caller, id, change, context)
    },
    async changeAll(caller, items, context) {
      const wanted = targets.resolves
        ? items.flatMap(({ change }) => targetsOf(change).map(({ url }) => url))
        : []
      if (wanted.length === 0) return service.changeAll(caller, items, context)
      const verdicts = await resolveAll(wanted, targets.lookup)
      const checked = items.map((item) => ({
        ...item,
        refused: refusalOf(item.change, verdicts)
      }))
      return service.changeAll(caller, checked, context)
    },
    ...createPresenter(app.blocklist.blocks),
    presentForExport,
    codes,
    importKind: createUrlImport({
      schemes,
      blocks: app.blocklist.blocks,
      createCode: (attempt) => codes.create(options.codes.length + Math.floor(attempt / 3)),
      isFolded: !codes.isCaseSensitive,
      async forgetUnknown() {
        await app.cache.invalidateUnknown(LINKS)
        await app.cache.invalidateUnknown(ROWS)
      }
    })
  })
  app.users.onDelete(onUserDeleted)
  if (options.folds && !codes.isCaseSensitive) keepCodesFolded(app)
}

function refusalOf(change: UrlChange, verdicts: Map<string, boolean | undefined>) {
  for (const { name, url } of targetsOf(change)) {
    const isInside = verdicts.get(url)
    if (isInside === undefined) return targetRefused(name, 'has a host that was not looked up in time')
    if (isInside) return targetRefused(name, 'leads into a private network')
  }
  return undefined
}

export default fp(urls, {
  name: 'urls',
  dependencies: ['database', 'outbox', 'idempotency', 'cache', 'audit', 'blocklist', 'users', 'events'],
  fastify: '5.x'
})
