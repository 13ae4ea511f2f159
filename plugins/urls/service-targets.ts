import { batchLoad } from '#platform/async/batch-load.ts'
import type { Database } from '#platform/database/index.ts'
import { decodeLinkKey, encodeLinkKey } from '#schema/link-key.ts'
import type { Codes } from './codes.ts'
import type { LinkTarget } from './contract.ts'
import { findUrlsByKeys } from './store.ts'

/**
 * Creates the lookup of links by encoded key, whose code is as {@link Codes.keyOf} returns it. One query
 * serves the lookups of a few event-loop ticks.
 */
export function createTargetLookup(
  database: Database,
  codes: Codes
): (key: string) => Promise<LinkTarget | null> {
  const isFolded = !codes.isCaseSensitive
  return batchLoad(async (keys) => {
    const found = await database.outside(() => findUrlsByKeys(database.db, keys.map(decodeLinkKey), isFolded))
    const rows = new Map(
      found.map((row) => [encodeLinkKey({ domain: row.domain, code: codes.keyOf(row.shortCode) }), row])
    )
    return keys.map((key) => {
      const row = rows.get(key)
      if (row === undefined) return null
      const { deletedAt, startsAt, expiresAt, isActive, isGuarded: _, foldedCode: __, ...rest } = row
      return {
        ...rest,
        isActive: isActive && deletedAt === null,
        startsAt: startsAt?.getTime() ?? null,
        expiresAt: expiresAt?.getTime() ?? null
      }
    })
  })
}
