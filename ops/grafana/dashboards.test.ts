import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { stringify } from 'yaml'
import { missing } from '#testing/programs.ts'
import { ROOT } from '#testing/sources.ts'
import { toDashboard } from './board.ts'
import { boards, resolveQuery } from './boards.ts'

/** The dashboards match their sources, and each panel describes itself. */

const FOLDER = join(import.meta.dirname, 'dashboards')

t.test('the committed dashboards are those of boards/', async (t) => {
  t.same((await readdir(FOLDER)).sort(), boards.map(({ uid }) => `${uid}.json`).sort())
  for (const board of boards) {
    const text = await readFile(join(FOLDER, `${board.uid}.json`), 'utf8')
    t.same(JSON.parse(text), JSON.parse(JSON.stringify(toDashboard(board))), 'else run make-dashboards.ts')
  }
})

t.test('each panel says what it shows, in which unit, and what to do', async (t) => {
  const panels = boards.flatMap((board) => board.panels)
  t.ok(panels.length >= 30, `${panels.length} panels`)
  for (const { title, description, unit, queries, runbook, bad, isBadBelow, isNumber, ...others } of panels) {
    t.ok(title && unit && queries.length > 0, title)
    t.same(Object.keys(others), [], `${title}: unknown members`)
    t.ok(description.length > 15, `${title}: ${description}`)
    if (runbook) t.ok(existsSync(join(ROOT, 'ops', 'runbooks', `${runbook}.md`)), runbook)
  }
  for (const { panels: own } of boards) t.equal(new Set(own.map(({ title }) => title)).size, own.length)
})

t.test('every query is PromQL', { skip: missing('promtool') }, async (t) => {
  const queries = boards.flatMap(({ panels }) => panels.flatMap((panel) => panel.queries))
  const rules = queries.map(({ expr }, at) => ({ record: `panel:${at}`, expr: resolveQuery(expr) }))
  const file = join(t.testdir(), 'rules.yml')
  await writeFile(file, stringify({ groups: [{ name: 'panels', rules }] }))
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', file], { encoding: 'utf8' })
  t.equal(status, 0, stdout + stderr)
})
