import type { FastifyInstance } from 'fastify'
import { withDeadline } from '#platform/async/deadline.ts'
import { repeat } from '#platform/async/repeat.ts'
import type { Database } from '#platform/database/index.ts'
import { LINKS } from './service-parts.ts'
import { findUnreachable, foldPage } from './store-fold.ts'

/** Servers that respect case may still run beside this one, until they are replaced. */
const FOLD_EVERY_MS = 6 * 3_600_000

/** Longest delay of a start. Later codes are found once they are folded. */
const PATIENCE_MS = 60_000

/** Codes that the log names. */
const MAX_NAMED = 20

/**
 * Folds the codes of links and aliases that a server that respects case stored. Safe to run at any time and
 * on several replicas. Returns the number of changed rows.
 */
export async function foldCodes(database: Database): Promise<number> {
  let changed = 0
  for (const kind of ['links', 'aliases'] as const) {
    for (let after = 0; ; ) {
      const page = await database.transaction(() => foldPage(database.db, kind, after))
      changed += page.changed
      if (page.last === null) break
      after = page.last
    }
  }
  return changed
}

/** Folds codes at the start of a server that ignores case, and every few hours. */
export function keepCodesFolded(app: FastifyInstance): void {
  async function fold(): Promise<void> {
    try {
      const changed = await foldCodes(app.database)
      if (changed > 0) {
        app.log.info({ changed }, 'short codes folded')
        await app.cache.invalidateUnknown(LINKS)
      }
      const codes = await findUnreachable(app.database.db, MAX_NAMED)
      if (codes.length > 0) app.log.warn({ codes }, 'short codes differ from others only by case')
    } catch (err) {
      app.log.warn({ err }, 'folding short codes failed')
    }
  }
  const run = repeat(app, FOLD_EVERY_MS, fold)
  app.addHook('onReady', async () => {
    // Later codes are folded after the start. The run logs its own failures.
    await withDeadline(run(), PATIENCE_MS).catch(() => undefined)
  })
}
