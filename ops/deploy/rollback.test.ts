import { appendFile, cp, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { sendLoad } from '#ops/stack/clients.ts'
import { type Stack, startStack } from '#ops/stack/stack.ts'
import { makeFolder } from '#testing/folder.ts'
import { missing } from '#testing/programs.ts'
import { ROOT } from '#testing/sources.ts'
import { deploy, type Release } from './release.ts'
import { checkRelease } from './slo-check.ts'

/**
 * A bad release on the local stack, under load: the check against its Prometheus fails, and the release is
 * rolled back.
 */

const skip =
  missing('postgres') ||
  missing('redis-server') ||
  missing('nginx') ||
  missing('prometheus') ||
  missing('prometheus-alertmanager')

/** The current sources, with `code` run by every process. */
async function makeSources(t: Test, code: string): Promise<string> {
  const folder = await makeFolder(t)
  for (const name of ['apps', 'plugins', 'schema', 'drizzle', 'package.json'])
    await cp(join(ROOT, name), join(folder, name), { recursive: true })
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  await appendFile(join(folder, 'apps', 'preload.mjs'), code)
  return folder
}

/** A release that gives the replicas of a stack other sources, by rolling restarts. */
function makeStackRelease({ replicas, rollingRestart }: Stack, folder: string): Release {
  const roll = async (cwd: string) => {
    for (const { unit } of replicas) unit.cwd = cwd
    await rollingRestart()
  }
  return { apply: () => roll(folder), rollBack: () => roll(ROOT) }
}

t.test('a release that makes redirects slow breaks the SLO and is rolled back', { skip }, async (t) => {
  const folder = await makeFolder(t)
  const stack = await startStack({ folder, replicas: 2, isLight: false })
  t.teardown(stack.stop)
  // The gaps last only 3 ms: in longer ones a quick machine would answer most requests.
  const slow =
    'setInterval(() => { for (const end = performance.now() + 60; performance.now() < end; ); }, 63)\n'
  const release = makeStackRelease(stack, await makeSources(t, slow))
  const load = await sendLoad(stack.url, { followers: 4, creators: 0, changers: 0 })
  t.teardown(load.stop)
  const steps: string[] = []
  const check = () =>
    checkRelease({
      prometheusUrl: stack.watchers?.prometheusUrl ?? '',
      seconds: 60,
      // A slow replica may miss a scrape on a busy machine. That would break another promise than the one
      // under test.
      replicas: 1,
      leastRedirects: 100,
      floorS: 20,
      everyMs: 2_000
    })
  await t.rejects(
    deploy(release, check, (line) => steps.push(line)),
    { name: 'RolledBack', message: /bad: redirect-latency 0\.\d+ \(0\.144 or less\)/ }
  )
  t.equal(steps[0], 'in place; watching it', 'it came to answer, as a bad release may')
  t.equal(steps.at(-1), 'rolled back')
  t.ok(stack.replicas.every(({ unit, state }) => unit.cwd === ROOT && state === 'up'))
  t.same(load.failures, [], 'it was slow, but refused no request during release and rollback')
})
