import { parse, stringify } from 'yaml'

/**
 * The shipped rules with shorter windows, for a stack that lives for minutes. Expressions, thresholds, labels
 * and routes are the shipped ones. Only durations of alerts, look-back windows and group delays shrink.
 * Windows of hours stay: rules that use them fire on a young stack anyway.
 */

export interface Rules {
  groups: { interval?: string; rules: { alert?: string; expr: string; for?: string }[] }[]
}

/** The scrape interval of a scaled Prometheus. */
export const SCALED_SCRAPES = { scrape_interval: '2s', scrape_timeout: '2s' }

/** Minimum seconds of a `for`, and of a window: each must contain several evaluations. */
const [MIN_FOR, MIN_WINDOW] = [3, 20]

/** Divides each `for` by 30, and each window of minutes by 15. */
export function scaleRules({ groups }: Rules): Rules {
  return {
    groups: groups.map((group) => ({
      ...group,
      rules: group.rules.map((rule) => ({
        ...rule,
        // Recorded rates stay: their names contain their windows, and the budgets of months use them.
        ...(rule.alert && {
          expr: rule.expr.replace(/\[(\d+)m\]/g, (_, n) => `[${shrink(n * 60, 15, MIN_WINDOW)}]`)
        }),
        ...(rule.for && { for: shrink(secondsOf(rule.for), 30, MIN_FOR) })
      }))
    }))
  }
}

/** Shortens Alertmanager's waits to seconds. Repetitions after hours stay. */
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
