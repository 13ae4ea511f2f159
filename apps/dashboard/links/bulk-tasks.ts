import { formatNumber } from '#dashboard/core/format.ts'
import { text } from '#dashboard/core/language.ts'
import { showProgress, showToast } from '#dashboard/ui/toast.tsx'
import type { Url } from '#schema/shapes/url.ts'
import { type Outcome, removeAll, restoreAll, setActive } from './bulk.ts'
import { hide, lastChange, unhide } from './changes.ts'

/** What a selection can do: lists show it before the server confirms it, and a message offers to undo it. */

export interface Result {
  outcome: Outcome
  /** Takes back what was done; null if nothing was. */
  undo: (() => void) | null
}

export type Task = (urls: readonly Url[], onProgress: OnProgress) => Promise<Result>

type OnProgress = (done: number) => void
type Message = (count: string, value: number) => string

export const activate: Task = (urls, onProgress) => change(urls, true, onProgress)
export const deactivate: Task = (urls, onProgress) => change(urls, false, onProgress)

async function change(urls: readonly Url[], is_active: boolean, onProgress: OnProgress): Promise<Result> {
  show(urls.map((url) => ({ ...url, is_active })))
  const outcome = await setActive(urls, () => is_active, onProgress)
  show([...outcome.done.map(({ after }) => after), ...outcome.refused.map(({ url }) => url)])
  const t = text.value.list
  const changed = outcome.done.flatMap(({ before }) => (before.is_active === is_active ? [] : before))
  return report(outcome, is_active ? t.activated : t.deactivated, changed, undoChange, t.reverted)
}

async function undoChange(before: readonly Url[], onProgress: OnProgress): Promise<Outcome> {
  const outcome = await setActive(before, ({ is_active }) => is_active, onProgress)
  show(outcome.done.map(({ after }) => after))
  return outcome
}

export const remove: Task = async (urls, onProgress) => {
  const ids = urls.map(({ id }) => id)
  hide(ids)
  const outcome = await removeAll(urls, onProgress)
  lastChange.value = {
    kind: 'several',
    changes: outcome.done.map(({ before: { id } }) => ({ kind: 'removed', id }))
  }
  unhide(ids)
  const removed = outcome.done.map(({ before }) => before)
  const t = text.value.list
  return report(outcome, t.removed, removed, undoRemoval, t.restored)
}

async function undoRemoval(removed: readonly Url[], onProgress: OnProgress): Promise<Outcome> {
  const outcome = await restoreAll(removed, onProgress)
  lastChange.value = {
    kind: 'several',
    changes: outcome.done.map(({ after }) => ({ kind: 'created', url: after }))
  }
  return outcome
}

function show(urls: readonly Url[]): void {
  lastChange.value = { kind: 'several', changes: urls.map((url) => ({ kind: 'changed', url })) }
}

type Revert = (before: readonly Url[], onProgress: OnProgress) => Promise<Outcome>

/** Says what was done. Refused links are for a dialog, which has the same undo. */
function report(
  outcome: Outcome,
  message: Message,
  before: readonly Url[],
  revert: Revert,
  reverted: Message
): Result {
  const count = outcome.done.length
  const run = count === 0 ? null : () => void undo(before, revert, reverted)
  if (outcome.refused.length === 0)
    showToast(message(formatNumber(count), count), {
      ...(run && { action: { label: text.value.links.undo, run } })
    })
  return { outcome, undo: run }
}

/** Reverts a change of `before`. Links that the server refuses can be reverted again. */
async function undo(before: readonly Url[], revert: Revert, reverted: Message): Promise<void> {
  const t = text.value
  const count = formatNumber(before.length)
  // A screen reader reads each step.
  const step = Math.ceil(before.length / 100)
  const { done, refused } = await showProgress((show) =>
    revert(before, (done) => {
      if (done % step === 0) show(t.list.progress(formatNumber(done), count))
    })
  )
  const [first] = refused
  if (first === undefined) return showToast(reverted(formatNumber(done.length), done.length))
  const left = refused.map(({ url }) => url)
  const title = t.list.refusedTitle(formatNumber(left.length), left.length)
  showToast(`${title}: ${first.url.short_code} ${first.reason}`, {
    kind: 'bad',
    action: { label: t.links.undo, run: () => void undo(left, revert, reverted) }
  })
}
