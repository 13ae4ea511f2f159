import { type SQL, sql } from 'drizzle-orm'
import { urls } from '#schema/tables/urls.ts'
import type { UrlState } from './state.ts'

/** The SQL of states, as stateOf decides them. */

/** As readGuarded reads it. */
export const isActiveInSql = sql`(${urls.isActive} or ${urls.isGuarded})`

/** The state of a link without its block: the list of blocked hosts is not in the database alone. */
export function stateInSql(): SQL {
  return sql`case
    when ${urls.deletedAt} is not null then 'deleted'
    when not ${isActiveInSql} then 'inactive'
    when ${urls.startsAt} > now() then 'scheduled'
    when ${urls.visitsUsed} >= ${urls.maxVisits} then 'used_up'
    when ${urls.expiresAt} <= now() then 'expired'
    else 'active' end`
}

const isStarted = sql`(${urls.startsAt} is null or ${urls.startsAt} <= now())`
const hasVisits = sql`(${urls.maxVisits} is null or ${urls.visitsUsed} < ${urls.maxVisits})`
const isUnexpired = sql`(${urls.expiresAt} is null or ${urls.expiresAt} > now())`

/** The condition of each state in a form that an index may serve. It ignores blocks, as stateInSql does. */
export const STATE_CONDITIONS: Record<Exclude<UrlState, 'blocked'>, SQL> = {
  active: sql`${isActiveInSql} and ${isStarted} and ${hasVisits} and ${isUnexpired}`,
  // Without the first condition the planner expects a third of all links, and reads them in the list's order.
  used_up: sql`${urls.maxVisits} is not null and ${isActiveInSql} and ${isStarted}
    and ${urls.visitsUsed} >= ${urls.maxVisits}`,
  expired: sql`${isActiveInSql} and ${isStarted} and ${hasVisits} and ${urls.expiresAt} <= now()`,
  scheduled: sql`${isActiveInSql} and ${urls.startsAt} > now()`,
  inactive: sql`not ${urls.isActive} and not ${urls.isGuarded}`,
  deleted: sql`${urls.deletedAt} is not null and ${urls.aliasOf} is null`
}
