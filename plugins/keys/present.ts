import { scopesOf } from '#platform/access/caller.ts'
import type { Key, Role } from '#schema/shapes/key.ts'
import { optionalWireTime, wireTime } from '#schema/shapes/text.ts'
import type { ApiKeyRow } from '#schema/tables/api-keys.ts'

/** Presents a key without its secret; the row may lack the hash. */
export function presentKey(row: Omit<ApiKeyRow, 'secretHash' | 'version'>): Key {
  const role = row.role as Role
  return {
    id: row.publicId,
    name: row.name,
    role,
    scopes: [...scopesOf(role, row.scopes)],
    user_id: row.userId,
    created_at: wireTime(row.createdAt),
    expires_at: optionalWireTime(row.expiresAt),
    revoked_at: optionalWireTime(row.revokedAt),
    last_used_at: optionalWireTime(row.lastUsedAt)
  }
}
