import { parse, stringify } from 'yaml'

/**
 * The shipped rules with shorter windows, for a stack that lives for minutes: each expression, threshold, label and route
 * is as it is shipped; only how long something must last, how far back a rule looks and how long messages wait for company
 * shrink. Windows of hours stay: what looks at them fires on a young stack as it is.
 */

export interface Rules {
  groups: { interval?: string; rules: { alert?: string; expr: string; for?: string }[] }[]
}

/** How often a hurried Prometheus looks at everything. */
export const SCALED_SCRAPES = { scrape_interval: '2s', scrape_timeout: '2s' }

/** Least seconds of a `for`, and of a window: several looks must fall into one. */
const [MIN_FOR, MIN_WINDOW] = [3, 20]

/** Makes each `for` a thirtieth, and each window of minutes a fifteenth. */
export function scaleRules({ groups }: Rules): Rules {
  return {
    groups: groups.map((group) => ({
      ...group,
      rules: group.rules.map((rule) => ({
        ...rule,
        // The recorded rates are named after their windows, which months of budget are counted from: they stay.
        ...(rule.alert && {
          expr: rule.expr.replace(/\[(\d+)m\]/g, (_, n) => `[${shrink(n * 60, 15, MIN_WINDOW)}]`)
        }),
        ...(rule.for && { for: shrink(secondsOf(rule.for), 30, MIN_FOR) })
      }))
    }))
  }
}

/** Makes Alertmanager's waits seconds. What it repeats after hours stays. */
export function scaleRoutes(text: string): string {
  const config = parse(text) as { route: Route }
  config.route = scaleRoute(config.route)
  return stringify(config)
}

interface Route {
  group_wait?: string
  group_interval?: string
  routes?: Route[]
}

function scaleRoute(route: Route): Route {
  return {
    ...route,
    ...(route.group_wait && { group_wait: '1s' }),
    ...(route.group_interval && { group_interval: '3s' }),
    ...(route.routes && { routes: route.routes.map(scaleRoute) })
  }
}

function shrink(seconds: number, factor: number, least: number): string {
  return `${Math.min(seconds, Math.max(Math.ceil(seconds / factor), least))}s`
}

function secondsOf(duration: string): number {
  const [, count, unit = 's'] = /^(\d+)([smhd])$/.exec(duration) ?? []
  if (count === undefined) throw new Error(`${duration} is no duration`)
  return Number(count) * { s: 1, m: 60, h: 3_600, d: 86_400 }[unit as 's' | 'm' | 'h' | 'd']
}
