import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { PROBLEMS } from '#apps/problems.ts'
import { Settings } from '#apps/settings.ts'
import { ROOT, readText } from './sources.ts'

/** Renders the parts of the documents that come from the code, and inserts them. */

interface Property {
  description?: string
  default?: unknown
  enum?: string[]
  minimum?: number
  maximum?: number
}

/** The table of settings in docs/settings.md, in the order of their declaration. */
export function renderSettings(): string {
  const rows = Object.entries(Settings.properties as Record<string, Property>).map(([name, property]) => {
    const value = property.default === undefined || property.default === '' ? '' : `\`${property.default}\``
    return `| \`${name}\` | ${value} | ${property.description}${spellBounds(property)} |`
  })
  return ['| variable | default | what it does |', '| --- | --- | --- |', ...rows].join('\n')
}

/** The problems in docs/errors.md; their headings are link targets. */
export function renderProblems(): string {
  return PROBLEMS.map(
    ({ code, status, title, remedy }) => `### ${code}\n\n${status}: ${title}.\n\n${remedy}.`
  ).join('\n\n')
}

/** The table of decisions in docs/adr/README.md: date and title of each record, the oldest first. */
export function renderRecords(): string {
  const rows = listRecords().map((name) => {
    const title = readText(`docs/adr/${name}`).split('\n', 1)[0]?.replace(/^# /, '')
    return `| ${name.slice(0, 10)} | [${title}](${name}) |`
  })
  return ['| date | decision |', '| --- | --- |', ...rows].join('\n')
}

/** The file names of the decisions. */
export function listRecords(): string[] {
  return readdirSync(join(ROOT, 'docs', 'adr'))
    .filter((name) => /^\d{4}-.*\.md$/.test(name))
    .sort()
}

function spellBounds({ enum: names, minimum, maximum }: Property): string {
  if (names) return ` (${names.map((name) => `\`${name}\``).join(', ')})`
  if (minimum !== undefined && maximum !== undefined) return ` (${minimum} to ${maximum})`
  return ''
}

/** The text between `<!-- name -->` and `<!-- /name -->`; throws when the marks are missing. */
export function readSection(text: string, name: string): string {
  const match = new RegExp(`<!-- ${name} -->\n([\\s\\S]*?)\n?<!-- /${name} -->`).exec(text)
  if (!match) throw new Error(`There is no section ${name}`)
  return match[1] ?? ''
}

/** The text with `content` between the marks of `name`. */
export function replaceSection(text: string, name: string, content: string): string {
  const [open, close] = [`<!-- ${name} -->\n`, `<!-- /${name} -->`]
  const [from, to] = [text.indexOf(open), text.indexOf(close)]
  if (from === -1 || to === -1) throw new Error(`There is no section ${name}`)
  return `${text.slice(0, from + open.length)}${content}\n${text.slice(to)}`
}
