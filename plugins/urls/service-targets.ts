import { batchLoad } from '#platform/async/batch-load.ts'
import type { Database } from '#platform/database/index.ts'
import { decodeLinkKey, encodeLinkKey } from '#schema/link-key.ts'
import type { UrlRow } from '#schema/tables/urls.ts'
import { prepareFindByKeys } from './store.ts'

/** What a redirect needs of a link. */
export interface LinkTarget {
  id: number
  userId: number | null
  domain: string
  shortCode: string
  originalUrl: string
  /** False for deleted links too. */
  isActive: boolean
  /** Milliseconds since the epoch. */
  expiresAt: number | null
  version: number
}

export function keyOf({ domain, shortCode: code }: Pick<UrlRow, 'domain' | 'shortCode'>): string {
  return encodeLinkKey({ domain, code })
}

/** Creates the lookup of links by encoded key. One query serves the lookups of a few event-loop ticks. */
export function createTargetLookup(database: Database): (key: string) => Promise<LinkTarget | null> {
  const byKeys = prepareFindByKeys(database.db, database.statementName('find_urls_by_key'))
  return batchLoad(async (keys) => {
    const wanted = keys.map(decodeLinkKey)
    const domains = [...new Set(wanted.map(({ domain }) => domain))]
    const codes = wanted.map(({ code }) => code)
    const found = await database.outside(() => byKeys.execute({ domains, codes }))
    const rows = new Map(found.map((row) => [keyOf(row), row]))
    return keys.map((key) => {
      const row = rows.get(key)
      if (row === undefined) return null
      const { deletedAt, expiresAt, isActive, ...rest } = row
      return { ...rest, isActive: isActive && deletedAt === null, expiresAt: expiresAt?.getTime() ?? null }
    })
  })
}
