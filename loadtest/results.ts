import { mkdir, writeFile } from 'node:fs/promises'
import { cpus, totalmem } from 'node:os'
import { dirname, join } from 'node:path'

/** Writes `results/NAME.json` with where and when it was measured, and `results/NAME.svg` when there is a chart. */
export async function writeResults(name: string, results: object, svg?: string): Promise<void> {
  const file = join(import.meta.dirname, 'results', name)
  await mkdir(dirname(file), { recursive: true })
  const about = {
    measuredAt: new Date().toISOString().slice(0, 10),
    node: process.versions.node,
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30)
  }
  await writeFile(`${file}.json`, `${JSON.stringify({ ...about, ...results }, round, 1)}\n`)
  if (svg !== undefined) await writeFile(`${file}.svg`, svg)
  process.stdout.write(`\nwritten to loadtest/results/${name}.json${svg === undefined ? '' : ' and .svg'}\n`)
}

/** Four digits after the point are more than any of it means. */
function round(_name: string, value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * 1e4) / 1e4 : value
}
