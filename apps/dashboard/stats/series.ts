import { formatDate, formatNumber, parseWire } from '#dashboard/core/format.ts'
import { text } from '#dashboard/core/language.ts'
import type { UrlStats } from '#schema/shapes/stats.ts'

/** The part of statistics that a link and the whole server share. */
export type Range = Pick<UrlStats, 'clicks' | 'bots' | 'visitors' | 'series' | 'unit' | 'tz'>

/** Names a bucket by its start. */
export function bucketLabel(start: string, { unit, tz }: Range): string {
  const style = unit === 'hour' ? 'time' : unit === 'month' ? 'month' : 'day'
  return formatDate(parseWire(start), style, tz)
}

/** The range in one sentence. */
export function summarise(range: Range): string {
  const t = text.value.stats
  const best = range.series.reduce<Range['series'][number] | undefined>(
    (most, one) => (most === undefined || one.clicks > most.clicks ? one : most),
    undefined
  )
  if (range.clicks === 0 || best === undefined) return t.none
  return t.summary(
    formatNumber(range.clicks),
    range.clicks,
    formatNumber(range.bots),
    bucketLabel(best.start, range),
    formatNumber(best.clicks)
  )
}
