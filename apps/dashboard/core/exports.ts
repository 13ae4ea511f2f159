import type { Scope } from '#schema/shapes/key.ts'
import { BASE } from './environment.ts'
import { may, session } from './session.ts'

/** The export of all data of a user (plugins/exports). */

const SCOPES: readonly Scope[] = ['users:read', 'urls:read', 'events:read', 'stats:read']
const SCOPES_FOR_OTHERS: readonly Scope[] = ['audit:read', 'keys:admin']

export function mayExportUser(id: number): boolean {
  const wanted = session.value?.user_id === id ? SCOPES : [...SCOPES, ...SCOPES_FOR_OTHERS]
  return wanted.every(may)
}

export const exportPath = (id: number) => `${BASE}/users/${id}/export`
