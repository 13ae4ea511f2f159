import type { OverallStats, StatsQuery, UrlStats } from '#schema/shapes/stats.ts'
import type { Command } from './command.ts'
import { findLink, isJson, openServer, printJson, SERVER_OPTIONS } from './server.ts'
import { fitLine, sparkline } from './text.ts'

const UNITS = ['hour', 'day', 'week', 'month'] as const

/** Width of lines that are not for a terminal. */
const PLAIN_COLUMNS = 80
const LABEL_WIDTH = 10

export const statsCommand: Command = {
  summary: `Shows the clicks of a link, or of all links and the most clicked ones
The range is the last 30 hours, days, weeks or months unless --from and --to say otherwise.`,
  words: [{ name: 'LINK', help: 'Code, id or short URL', isOptional: true }],
  options: {
    unit: { type: 'string', value: 'UNIT', default: 'day', oneOf: UNITS, help: 'What each bar counts' },
    from: { type: 'string', value: 'TIME', help: 'Start, such as 2026-11-01' },
    to: { type: 'string', value: 'TIME', help: 'End, included' },
    tz: { type: 'string', value: 'ZONE', default: 'UTC', help: 'Time zone, such as Europe/Berlin' },
    ...SERVER_OPTIONS
  },
  async run(context) {
    const { words, options, output } = context
    const { unit, from, to, tz } = options
    const query: StatsQuery = {
      unit: UNITS.find((one) => one === unit) ?? 'day',
      ...(from !== undefined && { from }),
      ...(to !== undefined && { to }),
      ...(tz !== undefined && { tz })
    }
    const server = openServer(context)
    const columns = output.columns ?? PLAIN_COLUMNS
    if (words[0] === undefined) {
      const stats = await server.stats.get(query)
      if (isJson(context)) printJson(context, stats)
      else for (const line of formatOverall(stats, columns)) output.print(line)
      return 0
    }
    const link = await findLink(server, words[0])
    const stats = await server.links.stats(link.id, query)
    if (isJson(context)) printJson(context, stats)
    else {
      output.print(fitLine(`${link.short_url} → ${link.original_url}`, columns))
      for (const line of formatRange(stats, columns)) output.print(line)
    }
    return 0
  }
}

function formatOverall(stats: OverallStats, columns: number): string[] {
  const { links, users, top } = stats
  const width = Math.max(...top.map(({ clicks }) => format(clicks).length))
  return [
    `${format(links)} links, ${format(users)} users`,
    ...formatRange(stats, columns),
    ...top.map(({ clicks, short_code, original_url, title }) =>
      fitLine(`${format(clicks).padStart(width)}  ${short_code}  ${title || original_url}`, columns)
    )
  ]
}

/** The range, and a line with a sparkline for each kind of count. */
function formatRange(stats: UrlStats | OverallStats, columns: number): string[] {
  const { from, to, unit, tz, series } = stats
  const totals = { clicks: stats.clicks, bots: stats.bots, visitors: stats.visitors }
  const width = Math.max(...Object.values(totals).map((total) => format(total ?? 0).length))
  const lines = (['clicks', 'bots', 'visitors'] as const).flatMap((name) => {
    const total = totals[name]
    // Hours have no visitors.
    if (total === null) return []
    const bars = sparkline(
      series.map((bucket) => bucket[name] ?? 0),
      columns - LABEL_WIDTH - width - 2
    )
    return [`${name.padEnd(LABEL_WIDTH)}${format(total).padStart(width)}  ${bars}`]
  })
  return [`${from} to ${to} by ${unit} (${tz})`, ...lines]
}

function format(count: number): string {
  return count.toLocaleString('en')
}
