import { readdirSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Which lines of the product a test run has executed, from what V8 wrote for every process and worker thread of the
 * run (NODE_V8_COVERAGE; the servers and commands that tests spawn included).
 *
 * A line counts when it holds code: blank lines, comments and types don't. It is covered when any process ran it. tap's
 * own report is not used because it neither sees the threads nor the files that no test has loaded.
 */

export interface FileCoverage {
  /** Relative to the project's root, with `/`. */
  file: string
  /** How many lines hold code. */
  lines: number
  /** Numbers of the lines that no process ran, from 1. */
  uncovered: number[]
}

interface Range {
  startOffset: number
  endOffset: number
  count: number
}

interface ScriptCoverage {
  url: string
  functions: { ranges: Range[] }[]
}

/** Reads the reports in `folder` and gives the coverage of each of `files`, loaded or not. */
export function readCoverage(root: string, folder: string, files: string[]): FileCoverage[] {
  const sources = new Map(files.map((file) => [file, readSource(join(root, file))]))
  const uncovered = new Map(
    files.map((file) => [file, new Set(sources.get(file)?.map((line) => line.number))])
  )
  for (const report of readdirSync(folder)) {
    for (const script of readReport(join(folder, report))) {
      if (!script.url.startsWith('file:')) continue
      // Tests may load a module again under a query.
      const path = fileURLToPath(script.url.replace(/[?#].*$/, ''))
      const file = relative(root, path).split(sep).join('/')
      const [lines, left] = [sources.get(file), uncovered.get(file)]
      if (!lines || !left?.size) continue
      const missed = findMissed(lines, script)
      for (const number of left) if (!missed.has(number)) left.delete(number)
    }
  }
  return files.map((file) => ({
    file,
    lines: sources.get(file)?.length ?? 0,
    uncovered: [...(uncovered.get(file) ?? [])]
  }))
}

interface Line {
  number: number
  /** Where its code begins and ends in the file, without the white space around it. */
  start: number
  end: number
}

/** The lines of a TypeScript source that hold code. Stripping keeps every offset, as it does when Node runs it. */
export function readLines(source: string): Line[] {
  const code = blankComments(stripTypeScriptTypes(source))
  const lines: Line[] = []
  let offset = 0
  for (const [index, text] of code.split('\n').entries()) {
    // Lines of brackets alone belong to the statement above them.
    if (/[^\s()[\]{},;]/.test(text)) {
      const start = offset + text.search(/\S/)
      lines.push({ number: index + 1, start, end: offset + text.trimEnd().length })
    }
    offset += text.length + 1
  }
  return lines
}

/** Numbers of the lines within ranges that this process did not run; the inner range has the last word. */
function findMissed(lines: Line[], script: ScriptCoverage): Set<number> {
  const missed = new Set<number>()
  for (const { ranges } of script.functions) {
    for (const { startOffset, endOffset, count } of ranges) {
      for (const line of lines) {
        if (line.start < startOffset || line.end > endOffset) continue
        if (count === 0) missed.add(line.number)
        else missed.delete(line.number)
      }
    }
  }
  return missed
}

/** Blanks the comments that have lines to themselves. */
function blankComments(code: string): string {
  const blank = (comment: string) => comment.replace(/[^\n]/g, ' ')
  return code.replace(/^[ \t]*\/\/.*$/gm, blank).replace(/^[ \t]*\/\*[\s\S]*?\*\//gm, blank)
}

function readSource(path: string): Line[] {
  return readLines(readFileSync(path, 'utf8'))
}

/** A process that was killed while it wrote leaves half a report. */
function readReport(path: string): ScriptCoverage[] {
  try {
    return (JSON.parse(readFileSync(path, 'utf8')) as { result: ScriptCoverage[] }).result
  } catch {
    return []
  }
}

/** The product's files: those of the rooms, without tests and what only tests use. */
export function listProductFiles(root: string): string[] {
  // Benchmarks are run by hand, for their figures; what they share with tests is tested.
  return ['apps', 'plugins', 'schema']
    .flatMap((room) =>
      readdirSync(join(root, room), { recursive: true, encoding: 'utf8' }).map((path) => join(room, path))
    )
    .map((path) => path.split(sep).join('/'))
    .filter(
      (path) =>
        path.endsWith('.ts') && !/\.test\.ts$|\.d\.ts$|^apps\/(testing|acceptance|dashboard)\//.test(path)
    )
    .sort()
}

/**
 * Says what share of lines is covered and, by name, what is left in each file. Gives the share, in per cent.
 */
export function summarize(coverage: FileCoverage[], print: (line: string) => void): number {
  const total = coverage.reduce((sum, { lines }) => sum + lines, 0)
  const missed = coverage.reduce((sum, { uncovered }) => sum + uncovered.length, 0)
  const share = total === 0 ? 0 : (100 * (total - missed)) / total
  const left = coverage.filter(({ uncovered }) => uncovered.length > 0)
  if (left.length > 0) print('Lines that no test ran:')
  for (const { file, lines, uncovered } of left) {
    const percent = Math.floor((100 * (lines - uncovered.length)) / lines)
    print(`  ${file}  ${percent} %, ${uncovered.length} of ${lines}: ${formatRanges(uncovered)}`)
  }
  print(`Coverage: ${share.toFixed(1)} % of ${total} lines in ${coverage.length} files`)
  return share
}

/** `1-3, 7` for 1, 2, 3 and 7. */
export function formatRanges(numbers: number[]): string {
  const runs: [number, number][] = []
  for (const number of numbers) {
    const last = runs.at(-1)
    if (last && last[1] === number - 1) last[1] = number
    else runs.push([number, number])
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ')
}
