import { formatNumber } from '#dashboard/core/format.ts'
import { text } from '#dashboard/core/language.ts'
import { showToast } from '#dashboard/ui/toast.tsx'
import type { Url } from '#schema/shapes/url.ts'
import { type Outcome, removeAll, restoreAll, setActive } from './bulk.ts'
import { hide, lastChange, unhide } from './changes.ts'

/** What a selection can do: lists show it before the server confirms it, and a message offers to undo it. */

export interface Result {
  outcome: Outcome
  /** Takes back what was done; null if nothing was. */
  undo: (() => void) | null
}

export type Task = (urls: readonly Url[], onProgress: (done: number) => void) => Promise<Result>

type Message = (count: string, value: number) => string

export const activate: Task = (urls, onProgress) => change(urls, true, onProgress)
export const deactivate: Task = (urls, onProgress) => change(urls, false, onProgress)

async function change(
  urls: readonly Url[],
  is_active: boolean,
  onProgress: (done: number) => void
): Promise<Result> {
  show(urls.map((url) => ({ ...url, is_active })))
  const outcome = await setActive(urls, () => is_active, onProgress)
  show([...outcome.done.map(({ after }) => after), ...outcome.refused.map(({ url }) => url)])
  const t = text.value.list
  const changed = outcome.done.flatMap(({ before }) => (before.is_active === is_active ? [] : before))
  return report(outcome, is_active ? t.activated : t.deactivated, () => undoChange(changed), t.reverted)
}

async function undoChange(before: readonly Url[]): Promise<Outcome> {
  const outcome = await setActive(before, ({ is_active }) => is_active, ignore)
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
  return report(outcome, t.removed, () => undoRemoval(removed), t.restored)
}

async function undoRemoval(removed: readonly Url[]): Promise<Outcome> {
  const outcome = await restoreAll(removed, ignore)
  lastChange.value = {
    kind: 'several',
    changes: outcome.done.map(({ after }) => ({ kind: 'created', url: after }))
  }
  return outcome
}

const ignore = () => undefined

function show(urls: readonly Url[]): void {
  lastChange.value = { kind: 'several', changes: urls.map((url) => ({ kind: 'changed', url })) }
}

/** Says what was done. Refused links are for a dialog, which has the same undo. */
function report(
  outcome: Outcome,
  message: Message,
  revert: () => Promise<Outcome>,
  reverted: Message
): Result {
  const t = text.value
  const count = outcome.done.length
  const undo = async () => {
    const { done, refused } = await revert()
    const first = refused[0]
    if (first === undefined) showToast(reverted(formatNumber(done.length), done.length))
    else
      showToast(
        `${t.list.refusedTitle(formatNumber(refused.length), refused.length)}: ${first.url.short_code} ${first.reason}`,
        { kind: 'bad' }
      )
  }
  const run = count === 0 ? null : () => void undo()
  if (outcome.refused.length === 0)
    showToast(message(formatNumber(count), count), {
      ...(run && { action: { label: t.links.undo, run } })
    })
  return { outcome, undo: run }
}
