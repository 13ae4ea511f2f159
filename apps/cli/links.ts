import type { Page } from '#apps/client/operations.ts'
import type { Url } from '#schema/shapes/url.ts'
import type { UrlQuery } from '#schema/shapes/url-query.ts'
import type { Command } from './command.ts'
import { isJson, openServer, printJson, SERVER_OPTIONS } from './server.ts'
import { fitLine } from './text.ts'

/** Links through the command line. */

/** Most rows of a sorted answer. */
const MAX_ROWS = 1_000

export const shortenCommand: Command = {
  summary: 'Creates a short link and prints it',
  words: [{ name: 'TARGET', help: 'URL that the link leads to' }],
  options: {
    code: { type: 'string', value: 'CODE', help: 'Short code to use instead of a random one' },
    title: { type: 'string', value: 'TEXT', help: 'Title of the link' },
    ...SERVER_OPTIONS
  },
  async run(context) {
    const { code, title } = context.options
    const link = await openServer(context).links.create({
      original_url: context.words[0] ?? '',
      ...(code !== undefined && { short_code: code }),
      ...(title !== undefined && { title })
    })
    if (isJson(context)) printJson(context, link)
    else context.output.print(link.short_url)
    return 0
  }
}

export const listCommand: Command = {
  summary: 'Lists links, the newest first',
  options: {
    q: { type: 'string', value: 'TEXT', help: 'Part of the target, the title or the code' },
    tag: { type: 'string', value: 'NAMES', help: 'Links with any of these tags, with commas between them' },
    limit: { type: 'string', value: 'COUNT', default: '20', range: [1, 10_000], help: 'Most links to list' },
    ...SERVER_OPTIONS
  },
  async run(context) {
    const { q, tag, limit } = context.options
    const { links } = openServer(context)
    const most = Number(limit)
    const rows: Url[] = []
    const query: UrlQuery = {
      sort: '-id',
      per_page: Math.min(most, MAX_ROWS),
      ...(q !== undefined && { q }),
      ...(tag !== undefined && { tags: tag })
    }
    let next: UrlQuery | string | null = query
    while (next !== null && rows.length < most) {
      const page: Page<Url> = await links.list(next)
      rows.push(...page.rows)
      next = page.next
    }
    const hasMore = next !== null || rows.length > most
    rows.length = Math.min(rows.length, most)
    if (isJson(context)) {
      printJson(context, rows)
      return 0
    }
    const { output } = context
    for (const line of formatTable(rows, output.columns)) output.print(line)
    if (hasMore) output.progress.write('There are more; --limit lists them.\n')
    return 0
  }
}

/** A table in which the title, which may have characters of any width, is the last column. */
function formatTable(links: Url[], columns = Infinity): string[] {
  if (links.length === 0) return []
  const table = [
    ['ID', 'CODE', 'STATE', 'CREATED', 'TARGET'],
    ...links.map((link) => [`${link.id}`, link.short_code, stateOf(link), link.created_at, link.original_url])
  ]
  // On a terminal the target gets at most half of the line, so that a title is visible.
  const longest = [Infinity, Infinity, Infinity, Infinity, Math.floor(columns / 2)]
  const widths = longest.map((limit, column) =>
    Math.min(limit, Math.max(...table.map((row) => row[column]?.length ?? 0)))
  )
  const titles = ['TITLE', ...links.map(({ title }) => title ?? '')]
  return table.map((row, line) => {
    const cells = row.map((cell, column) => fitLine(cell, widths[column]).padEnd(widths[column] ?? 0))
    return fitLine(`${cells.join('  ')}  ${titles[line]}`, columns)
  })
}

function stateOf({ is_active, expires_at }: Url): string {
  if (!is_active) return 'inactive'
  // Both are times of the server's format, which sorts as text.
  return expires_at !== null && expires_at <= new Date().toISOString() ? 'expired' : 'active'
}
