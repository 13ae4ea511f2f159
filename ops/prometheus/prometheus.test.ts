import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { parse, stringify } from 'yaml'
import { type Rules, scaleRules } from '#ops/stack/scaled-rules.ts'
import { missing } from '#testing/programs.ts'
import { RULES } from './rule-files.ts'

/** promtool's checks of the configuration and the rules. */

const skip = missing('promtool')

/** The standard output of promtool, whether or not its checks pass. */
async function promtool(...args: string[]): Promise<string> {
  // promtool computes for long, and a concurrent test may depend on timing.
  const run = promisify(execFile)('nice', ['-n', '19', 'promtool', ...args], { cwd: import.meta.dirname })
  const { stdout, stderr } = await run.catch((error: { stdout: string; stderr: string }) => error)
  return stdout + stderr
}

t.test('Prometheus takes its configuration and its rules', { skip }, async (t) => {
  t.match(
    await promtool('check', 'config', '--lint=all', '--lint-fatal', 'prometheus.yml'),
    'SUCCESS: 2 rule files found'
  )
})

t.test('Prometheus takes scaled rules', { skip }, async (t) => {
  for (const file of readdirSync(RULES)) {
    const rules = parse(readFileSync(join(RULES, file), 'utf8')) as Rules
    const folder = t.testdir({ [file]: stringify(scaleRules(rules)) })
    t.match(await promtool('check', 'rules', join(folder, file)), 'SUCCESS')
  }
})

for (const file of readdirSync(join(import.meta.dirname, 'tests'))) {
  t.test(`rules do as tests/${file} says`, { skip }, async (t) => {
    const output = await promtool('test', 'rules', join('tests', file))
    t.match(output, 'SUCCESS')
    t.notMatch(output, 'FAILED')
  })
}
