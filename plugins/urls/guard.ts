import type { UrlRow } from '#schema/tables/urls.ts'

/**
 * Protects restricted links from replicas of the previous release, which serve a link by `is_active` alone.
 * The database holds such a link as inactive and guarded; this release reads it as active.
 */

type Guarded = Pick<UrlRow, 'isActive' | 'isGuarded'>

/** Returns the row as this release means it. */
export function readGuarded<Row extends Guarded>(row: Row): Row {
  return row.isGuarded ? { ...row, isActive: true } : row
}

/** Returns the columns of a row as the database holds them. */
export function guard(row: Restrictions): Guarded {
  const isGuarded = row.isActive && isRestricted(row)
  return { isActive: row.isActive && !isGuarded, isGuarded }
}

type Restrictions = Pick<UrlRow, 'isActive' | 'startsAt' | 'maxVisits' | 'passwordVersion'>

/** {@link isRestricted} of an imported row, in SQL. */
export const RESTRICTED = 'starts_at IS NOT NULL OR password_version IS NOT NULL OR max_visits IS NOT NULL'

/** True if the previous release would give a redirect that this one refuses. */
function isRestricted({ startsAt, maxVisits, passwordVersion }: Restrictions): boolean {
  return startsAt !== null || maxVisits !== null || passwordVersion !== null
}
