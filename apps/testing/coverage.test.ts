import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { type FileCoverage, formatRanges, readCoverage, readLines, summarize } from './coverage.ts'

const SOURCE = `// a comment
import type { Nothing } from './nothing.ts'

/** Another
 * one. */
export interface Shape {
  name: string
}
export function choose(n: number): string {
  if (n > 1) {
    return 'many'
  }
  return 'one'
}
function never() {
  return /* inside */ 1
}
if (process.argv[2]) console.log(choose(Number(process.argv[2])), never.name)
`

/** Runs the source once for each of `runs` and gives what was covered in total. */
async function cover(...runs: string[]): Promise<FileCoverage[]> {
  const root = await mkdtemp(join(tmpdir(), 'fairlead-coverage-'))
  await writeFile(join(root, 'one.ts'), SOURCE)
  await writeFile(join(root, 'unloaded.ts'), 'export const a = 1\n')
  await writeFile(join(root, 'types.ts'), 'export interface A {}\n')
  const folder = join(root, 'v8')
  for (const run of runs) {
    // biome-ignore lint/style/noProcessEnv: a child needs PATH
    const env = { ...process.env, NODE_V8_COVERAGE: folder }
    spawnSync(process.execPath, [join(root, 'one.ts'), run], { env })
  }
  await writeFile(join(folder, 'half.json'), '{"result": [{"url"')
  return readCoverage(root, folder, ['one.ts', 'unloaded.ts', 'types.ts'])
}

t.test('counts the lines that hold code, not comments, types or brackets', async (t) => {
  t.same(
    readLines(SOURCE).map((line) => line.number),
    [9, 10, 11, 13, 15, 16, 18]
  )
})

t.test('names the lines that no process ran, and files that none has loaded', async (t) => {
  const [one, unloaded, types] = await cover('1')
  t.same(one, { file: 'one.ts', lines: 7, uncovered: [11, 15, 16] })
  t.same(unloaded, { file: 'unloaded.ts', lines: 1, uncovered: [1] })
  t.same(types, { file: 'types.ts', lines: 0, uncovered: [] })
})

t.test('a line is covered when any process ran it', async (t) => {
  const [one] = await cover('1', '2')
  t.same(one?.uncovered, [15, 16])
})

t.test('says the share of all lines and what is left in which file', async (t) => {
  const lines: string[] = []
  const share = summarize(
    [
      { file: 'a.ts', lines: 6, uncovered: [] },
      { file: 'b.ts', lines: 4, uncovered: [2, 3, 9] }
    ],
    (line) => lines.push(line)
  )
  t.equal(share, 70)
  t.same(lines, [
    'Lines that no test ran:',
    '  b.ts  25 %, 3 of 4: 2-3, 9',
    'Coverage: 70.0 % of 10 lines in 2 files'
  ])
  t.equal(
    summarize([], () => undefined),
    0,
    'nothing is not everything'
  )
})

t.test('spells runs of numbers', async (t) => {
  t.equal(formatRanges([1, 2, 3, 7, 9, 10]), '1-3, 7, 9-10')
})

t.test('the sources of the product are found', async (t) => {
  const { listProductFiles } = await import('./coverage.ts')
  const root = join(import.meta.dirname, '..', '..')
  const files = listProductFiles(root)
  t.ok(files.includes('apps/app.ts') && files.includes('schema/tables/urls.ts'))
  t.notOk(files.some((file) => file.endsWith('.test.ts') || file.startsWith('apps/testing/')))
  for (const file of files) t.ok((await readFile(join(root, file))).length > 0)
})
