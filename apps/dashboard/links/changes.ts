import { signal } from '@preact/signals'
import type { Url } from '#schema/shapes/url.ts'

/** What this page has changed about links since it read a list: lists apply it without a new read. */

export type Change = { kind: 'created' | 'changed'; url: Url } | { kind: 'removed'; id: number }

/** The last change, for lists that are shown. */
export const lastChange = signal<Change | null>(null)

export function applyChange(rows: readonly Url[], change: Change): Url[] {
  if (change.kind === 'removed') return rows.filter(({ id }) => id !== change.id)
  const { url } = change
  if (rows.some(({ id }) => id === url.id)) return rows.map((row) => (row.id === url.id ? url : row))
  return change.kind === 'created' ? [url, ...rows] : [...rows]
}
