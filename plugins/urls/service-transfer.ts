import { type Caller, ownerFilterOf } from '#platform/access/caller.ts'
import { ProblemError } from '#platform/problem/problem.ts'
import type { UrlChange } from '#schema/shapes/url.ts'
import { transferRefused } from './errors.ts'
import type { UrlCollaborators } from './service-parts.ts'

/**
 * Locks the users to which administrators transfer links, before any link is locked
 * (docs/adr/2026-11-30-one-order-of-locks.md). Returns a function that throws URL_TRANSFER_REFUSED for other
 * callers, and USER_UNKNOWN.
 */
export async function lockNewOwners(
  users: UrlCollaborators['users'],
  caller: Caller,
  items: readonly { change: UrlChange }[]
): Promise<(userId: number | null) => void> {
  const mayTransfer = caller.role === 'admin'
  const unknown = new Map<number | null, ProblemError>()
  const ids = new Set(mayTransfer ? items.flatMap(({ change }) => change.user_id ?? []) : [])
  for (const id of [...ids].sort((one, other) => one - other)) {
    try {
      await users.lockForShare(id, ownerFilterOf(caller))
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error
      unknown.set(id, error)
    }
  }
  return (userId) => {
    if (!mayTransfer) throw transferRefused()
    const problem = unknown.get(userId)
    if (problem !== undefined) throw problem
  }
}
