import { HOME } from '#dashboard/core/environment.ts'
import { may } from '#dashboard/core/session.ts'
import type { Scope } from '#schema/shapes/key.ts'

/** The pages of the administration, with the scope that opens each. */

const AREAS = [
  { id: 'users', scope: 'users:read' },
  { id: 'keys', scope: 'keys:admin' },
  { id: 'sessions', scope: 'keys:admin' },
  { id: 'audit', scope: 'audit:read' },
  { id: 'hosts', scope: 'blocklist:admin' },
  { id: 'tags', scope: 'urls:read' },
  { id: 'imports', scope: 'imports:write' },
  { id: 'system', scope: 'system:read' }
] as const satisfies readonly {
  id: string
  scope: Scope
}[]

export type Area = (typeof AREAS)[number]['id']

export const pathOf = (area: Area) => `${HOME}/${area}`

/** The pages that the session may open. */
export function listAreas(): Area[] {
  return AREAS.flatMap(({ id, scope }) => (may(scope) ? [id] : []))
}
