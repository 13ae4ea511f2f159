import { batchLoad } from '#platform/async/batch-load.ts'
import type { Database } from '#platform/database/index.ts'
import { decodeLinkKey, encodeLinkKey } from '#schema/link-key.ts'
import type { UrlRow } from '#schema/tables/urls.ts'
import type { LinkTarget } from './contract.ts'
import { findUrlsByKeys } from './store.ts'

export function keyOf({ domain, shortCode: code }: Pick<UrlRow, 'domain' | 'shortCode'>): string {
  return encodeLinkKey({ domain, code })
}

/** Creates the lookup of links by encoded key. One query serves the lookups of a few event-loop ticks. */
export function createTargetLookup(database: Database): (key: string) => Promise<LinkTarget | null> {
  return batchLoad(async (keys) => {
    const found = await database.outside(() => findUrlsByKeys(database.db, keys.map(decodeLinkKey)))
    const rows = new Map(found.map((row) => [keyOf(row), row]))
    return keys.map((key) => {
      const row = rows.get(key)
      if (row === undefined) return null
      const { deletedAt, startsAt, expiresAt, isActive, isGuarded: _, ...rest } = row
      return {
        ...rest,
        isActive: isActive && deletedAt === null,
        startsAt: startsAt?.getTime() ?? null,
        expiresAt: expiresAt?.getTime() ?? null
      }
    })
  })
}
