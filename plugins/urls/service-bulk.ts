import { type Caller, ownerFilterOf } from '#platform/access/caller.ts'
import type { Precondition } from '#platform/http/conditional.ts'
import { ProblemError } from '#platform/problem/problem.ts'
import type { UrlChange } from '#schema/shapes/url.ts'
import type { UrlRow } from '#schema/tables/urls.ts'
import { urlUnknown } from './errors.ts'
import { targetsOf, type UrlColumns } from './fields.ts'
import { differences, pick, type Replaced, refuseMisfits, valuesOf } from './service-changes.ts'
import {
  aliasesBeyond,
  type Claims,
  formerCodes,
  newCodes,
  openClaims,
  withAliases
} from './service-codes.ts'
import type { Parts } from './service-parts.ts'
import { hashAll } from './service-passwords.ts'
import { lockNewOwners } from './service-transfer.ts'
import { lockUrls, updateUrls } from './store-bulk.ts'
import { deleteAliases, insertAliases } from './store-codes.ts'
import { writePasswords } from './store-passwords.ts'
import type { TargetContext } from './targets.ts'

/** A link to change. */
export interface BulkItem {
  id: number
  precondition?: Precondition | undefined
}

export interface BulkChange extends BulkItem {
  change: UrlChange
  /** Why the new target is refused, if its check before the transaction refused it. */
  refused?: ProblemError | undefined
}

/** Changes many links in one transaction. A refused item leaves the others as they would be without it. */
export interface UrlBulk {
  /** As `change` for each item. Returns the row before and after, or the problem, in the order of items. */
  changeAll(
    caller: Caller,
    items: readonly BulkChange[],
    target?: TargetContext
  ): Promise<(Replaced | ProblemError)[]>
  /** As `remove` for each item. */
  removeAll(caller: Caller, items: readonly BulkItem[], reason: string): Promise<(Replaced | ProblemError)[]>
}

/** What one item writes; nothing without events. */
interface Plan {
  old: UrlRow
  columns: UrlColumns
  events: { eventType: string; details: Record<string, unknown> }[]
  action: 'updated' | 'deleted'
  /** The fields that differ, for the audit log. */
  fields: string[]
  /** The hash of the new password, if there is one. */
  hash: string | null
  /** Runs once nothing refuses the item any more. */
  onAccepted?: () => void
}

type Planner<Item> = (old: UrlRow, item: Item) => Plan

/** What the changes of one request share. */
interface Planning {
  here: TargetContext['here'] | undefined
  claims: Claims
  checkOwner(userId: number | null): void
  hashOf(password: string | null | undefined): string | null
}

export function createBulk(parts: Parts): UrlBulk {
  const { database, events, audit, users, codes, refuseTarget, forgetAfterCommit } = parts
  const { db } = database

  function run<Item extends BulkItem>(
    caller: Caller,
    items: readonly Item[],
    prepare: (locked: ReadonlyMap<number, UrlRow>) => Promise<Planner<Item>>
  ): Promise<(Replaced | ProblemError)[]> {
    return database.transaction(async () => {
      const ids = items.map(({ id }) => id)
      const locked = byId(await lockUrls(db, ids, ownerFilterOf(caller)))
      const planOf = await prepare(locked)
      const plans = items.map((item) =>
        attempt(() => {
          const old = locked.get(item.id)
          if (old === undefined) throw urlUnknown(item.id)
          const plan = planOf(old, item)
          // RFC 9110, section 13.1.1: a change without effect may be the repeat of one that succeeded.
          if (plan.events.length > 0) item.precondition?.(old.version)
          plan.onAccepted?.()
          return plan
        })
      )
      const written = plans.filter((plan) => !(plan instanceof ProblemError) && plan.events.length > 0)
      const after = await write(written as Plan[])
      return plans.map((plan) =>
        plan instanceof ProblemError ? plan : { before: plan.old, after: after.get(plan.old.id) ?? plan.old }
      )
    })
  }

  async function write(plans: Plan[]): Promise<Map<number, UrlRow>> {
    if (plans.length === 0) return new Map()
    const former = plans.flatMap(({ old, columns }) => aliasesBeyond(old, { ...old, ...columns }, codes))
    if (former.length > 0) await deleteAliases(db, former)
    const rows = await updateUrls(
      db,
      plans.map(({ old, columns }) => ({ ...old, ...columns }))
    )
    const after = byId(rows)
    await writePasswords(
      db,
      plans.flatMap(({ old, columns, hash }) =>
        columns.passwordVersion === undefined ? [] : [{ urlId: old.id, hash }]
      )
    )
    const added = plans.flatMap(({ old, columns }) => aliasesBeyond({ ...old, ...columns }, old, codes))
    if (added.length > 0) await insertAliases(db, added)
    await events.record(
      plans.flatMap(({ old, events }) =>
        events.map((event) => ({ urlId: old.id, userId: old.userId, ...event }))
      )
    )
    await audit.record(plans.map((plan) => auditOf(plan, after.get(plan.old.id) as UrlRow)))
    await forgetAfterCommit(
      rows,
      plans.flatMap(({ old }) => formerCodes(old, after.get(old.id) as UrlRow))
    )
    return after
  }

  /** Plans the change of one link. Throws the problem that refuses it. */
  function planChange(
    old: UrlRow,
    { change, refused }: BulkChange,
    { claims, checkOwner, hashOf, here }: Planning
  ): Plan {
    const wanted = newCodes(old, change)
    claims.check(old.id, wanted)
    const changes = differences(old, withAliases(old, change, codes))
    const columns = Object.assign({}, ...changes.map(({ columns }) => columns)) as UrlColumns
    if (columns.shortCode) columns.foldedCode = codes.fold(columns.shortCode)
    if (columns.userId !== undefined) checkOwner(columns.userId)
    refuseMisfits(columns, { ...old, ...columns })
    // An unchanged target is not checked; an import may have brought it.
    const changed = targetsOf(change).filter(({ column }) => columns[column] !== undefined)
    for (const { name, url } of changed) refuseTarget(url, name, here)
    if (refused !== undefined && changed.length > 0) throw refused
    return {
      old,
      columns,
      hash: hashOf(change.password),
      action: 'updated',
      fields: changes.map(({ field }) => field),
      events: changes.map(({ field, new_value }) => ({
        eventType: 'updated',
        details: { field, new_value }
      })),
      onAccepted: () => claims.add(old.id, wanted)
    }
  }

  return {
    async changeAll(caller, items, { here } = {}) {
      const hashOf = await hashAll(
        parts,
        items.map(({ change }) => change)
      )
      return database.transaction(async () => {
        const checkOwner = await lockNewOwners(users, caller, items)
        return run(caller, items, async (locked) => {
          const wanted = items.flatMap(({ id, change }) => newCodes(locked.get(id), change))
          const claims = await openClaims(db, codes, wanted)
          return (old, item) => planChange(old, item, { claims, checkOwner, hashOf, here })
        })
      })
    },

    removeAll: (caller, items, reason) =>
      run(caller, items, async () => (old) => ({
        old,
        columns: { deletedAt: new Date() },
        action: 'deleted',
        fields: [],
        hash: null,
        events: [{ eventType: 'deleted', details: { reason } }]
      }))
  }
}

function auditOf({ old, action, fields }: Plan, changed: UrlRow) {
  const entry = { action, resource: 'url', id: old.id } as const
  if (action === 'deleted') return { ...entry, before: valuesOf(old) }
  return { ...entry, before: pick(valuesOf(old), fields), after: pick(valuesOf(changed), fields) }
}

function attempt<T>(work: () => T): T | ProblemError {
  try {
    return work()
  } catch (error) {
    if (error instanceof ProblemError) return error
    throw error
  }
}

function byId(rows: readonly UrlRow[]): Map<number, UrlRow> {
  return new Map(rows.map((row) => [row.id, row]))
}
