import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { missing } from '#testing/programs.ts'
import { writeScaledRules } from './rule-files.ts'

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
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-rules-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  writeScaledRules(folder, 0.1)
  const files = readdirSync(folder).map((file) => join(folder, file))
  t.match(await promtool('check', 'rules', ...files), 'SUCCESS')
})

for (const file of readdirSync(join(import.meta.dirname, 'tests'))) {
  t.test(`rules do as tests/${file} says`, { skip }, async (t) => {
    const output = await promtool('test', 'rules', join('tests', file))
    t.match(output, 'SUCCESS')
    t.notMatch(output, 'FAILED')
  })
}
