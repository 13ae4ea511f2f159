import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { missing } from '#testing/servers.ts'
import { startStack } from './stack.ts'
import type { Watchers } from './watchers.ts'

/** What watches the stack: that it sees all of it, and that an alert reaches people. */

const skip =
  missing('postgres') ||
  missing('redis-server') ||
  missing('nginx') ||
  missing('prometheus') ||
  missing('prometheus-alertmanager') ||
  missing('prometheus-postgres-exporter') ||
  missing('prometheus-redis-exporter') ||
  missing('prometheus-nginx-exporter') ||
  missing('prometheus-node-exporter')

interface Target {
  labels: { job: string }
  health: string
  lastError: string
}

async function readTargets({ prometheusUrl }: Watchers): Promise<Target[]> {
  const answer = await fetch(`${prometheusUrl}/api/v1/targets?state=active`)
  return ((await answer.json()) as { data: { activeTargets: Target[] } }).data.activeTargets
}

t.test('everything is seen, and that nobody answers any more reaches Discord', { skip }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-watch-'))
  const stack = await startStack({ folder, replicas: 2, isLight: false })
  t.teardown(async () => {
    await stack.stop()
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  })
  const { watchers } = stack
  if (watchers === null) throw new Error('there are no watchers')

  let targets: Target[]
  do {
    await wait(200)
    targets = await readTargets(watchers)
  } while (targets.length === 0 || targets.some(({ health }) => health === 'unknown'))
  t.same(
    targets
      .filter(({ health }) => health !== 'up')
      .map(({ labels, lastError }) => `${labels.job}: ${lastError}`),
    []
  )
  const jobs = [...new Set(targets.map(({ labels }) => labels.job))].sort()
  t.same(jobs, [
    'alertmanager',
    'fairlead',
    'fairlead-worker',
    'nginx',
    'node',
    'postgres',
    'prometheus',
    'redis'
  ])

  const start = performance.now()
  await Promise.all(stack.replicas.map((replica) => replica.stop()))
  const heard = () => watchers.discord.messages.find((message) => /replicas/i.test(JSON.stringify(message)))
  while (!heard()) {
    if (performance.now() - start > 120_000) throw new Error(JSON.stringify(watchers.discord.messages))
    await wait(100)
  }
  t.comment(`heard of after ${((performance.now() - start) / 1_000).toFixed(1)} s`)
  t.match(JSON.stringify(heard()), /ops\/runbooks\/[a-z-]+\.md/, 'with what to do')
})
