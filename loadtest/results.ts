import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { cpus, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { replaceSection } from '#testing/docs.ts'

const FOLDER = join(import.meta.dirname, 'results')
const DOCUMENT = join(import.meta.dirname, '..', 'docs', 'performance.md')

const MACHINE = {
  node: process.versions.node,
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30)
}

export interface Pictures {
  svg?: string
  /** The content between the marks of the name in docs/performance.md, as Markdown. */
  section?: { name: string; content: string }
}

/**
 * Writes the results, so that no figure is typed by hand. `results/NAME.json` has the place and time of the
 * measurement, and `results/NAME.svg` the chart, if there is one. The section goes to docs/performance.md. A
 * shortened run, named `local/…`, has no section.
 */
export async function writeResults(name: string, results: object, pictures: Pictures = {}): Promise<void> {
  const file = join(FOLDER, name)
  await mkdir(dirname(file), { recursive: true })
  const about = { measuredAt: new Date().toISOString().slice(0, 10), ...MACHINE }
  await writeFile(`${file}.json`, `${JSON.stringify({ ...about, ...results }, round, 1)}\n`)
  const { svg, section } = pictures
  if (svg !== undefined) await writeFile(`${file}.svg`, svg)
  process.stdout.write(`\nwritten to loadtest/results/${name}.json${svg === undefined ? '' : ' and .svg'}\n`)
  if (section === undefined || name.startsWith('local/')) return
  const text = await readFile(DOCUMENT, 'utf8')
  await writeFile(
    DOCUMENT,
    replaceSection(text, section.name, `${section.content}\n\nMeasured on ${describeMachine()}.`)
  )
}

export function describeMachine(): string {
  return `${MACHINE.cores} shared cores, ${MACHINE.memoryGiB} GiB, Node ${MACHINE.node}`
}

/** Formats a table in Markdown; the first column is text, the others are numbers. */
export function markdownTable(headings: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`
  return [line(headings), line(headings.map((_, at) => (at === 0 ? '---' : '---:'))), ...rows.map(line)].join(
    '\n'
  )
}

/** No figure is accurate beyond four decimal places. */
function round(_name: string, value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * 1e4) / 1e4 : value
}
