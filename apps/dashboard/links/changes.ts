import { effect, signal } from '@preact/signals'
import type { Rows } from '#dashboard/core/cursor.ts'
import { owner } from '#dashboard/core/session.ts'
import type { Url } from '#schema/shapes/url.ts'

/** Changes of links by this page, and by other tabs of this browser: lists apply them without a new read. */

export type Change =
  | { kind: 'created' | 'changed'; url: Url }
  | { kind: 'removed'; id: number }
  | { kind: 'several'; changes: Change[] }

/** The last change, for what is shown. */
export const lastChange = signal<Change | null>(null)

/** Links that are being deleted. Lists hide them, and show them again if the server refuses. */
export const hidden = signal<ReadonlySet<number>>(new Set())

export function hide(ids: readonly number[]): void {
  hidden.value = new Set([...hidden.peek(), ...ids])
}

export function unhide(ids: readonly number[]): void {
  const left = new Set(hidden.peek())
  for (const id of ids) left.delete(id)
  hidden.value = left
}

/** Changes that a read which began before them may lack. */
const KEPT = 100
let log: Change[] = []
let count = 0

/** Marks the begin of a read, for {@link changesSince}. */
export const markChanges = () => count

export function changesSince(mark: number): Change[] {
  return mark === count ? [] : log.slice(mark - count)
}

/** The changes of other tabs with the same caller. */
const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('fairlead.links')
let received: Change | null = null

effect(() => {
  const change = lastChange.value
  if (change === null) return
  count++
  log = [...log, change].slice(-KEPT)
  if (change !== received) channel?.postMessage({ owner: owner.peek(), change })
})
if (channel)
  channel.onmessage = ({ data }: MessageEvent<{ owner: string; change: Change }>) => {
    if (data.owner !== owner.peek()) return
    received = data.change
    lastChange.value = data.change
  }

/** What decides where a created link is in a list. */
export interface Place {
  sort: string
  isFiltered: boolean
}

type Single = Exclude<Change, { kind: 'several' }>

/** The parts of a change, the last one of each link. */
export function latestOf(change: Change): Map<number, Single> {
  const latest = new Map<number, Single>()
  const add = (one: Change): void => {
    if (one.kind === 'several') one.changes.forEach(add)
    else latest.set(one.kind === 'removed' ? one.id : one.url.id, one)
  }
  add(change)
  return latest
}

/** Applies `change` to the rows of a list; null if only a new read can tell which rows it has. */
export function applyChange(list: Rows<Url>, change: Change, place: Place): Rows<Url> | null {
  const latest = latestOf(change)
  const rows = list.rows.flatMap((row) => {
    const one = latest.get(row.id)
    latest.delete(row.id)
    if (one === undefined) return [row]
    return one.kind === 'removed' ? [] : [one.url]
  })
  const total = list.total === null ? null : list.total - (list.rows.length - rows.length)
  let changed: Rows<Url> | null = { ...list, rows, total }
  for (const one of latest.values()) if (one.kind === 'created') changed &&= insert(changed, one.url, place)
  return changed
}

/** True if `change` removes links that the list counts and has not read. */
export function removesUnread({ rows, next, total }: Rows<Url>, change: Change): boolean {
  if (next === null && total === rows.length) return false
  const known = new Set(rows.map(({ id }) => id))
  return [...latestOf(change).values()].some((one) => one.kind === 'removed' && !known.has(one.id))
}

/** Inserts a link that has become part of the list. The server alone compares texts, and filters. */
function insert(list: Rows<Url>, url: Url, { sort, isFiltered }: Place): Rows<Url> | null {
  if (isFiltered || !['id', '-id'].includes(sort)) return null
  const direction = sort === 'id' ? 1 : -1
  const at = list.rows.findIndex(({ id }) => (id - url.id) * direction > 0)
  const total = list.total === null ? null : list.total + 1
  // Behind the rows that were read: a later page brings it.
  if (at < 0 && list.next !== null) return { ...list, total }
  return { ...list, rows: list.rows.toSpliced(at < 0 ? list.rows.length : at, 0, url), total }
}
