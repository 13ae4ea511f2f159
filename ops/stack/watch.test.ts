import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { DEPLOYS, STARTS } from '#ops/grafana/board.ts'
import { boards, resolveQuery } from '#ops/grafana/boards.ts'
import { sendTraffic } from '#ops/grafana/traffic.ts'
import { readNow, readRange } from '#ops/prometheus/query.ts'
import { makeFolder } from '#testing/folder.ts'
import { missing } from '#testing/programs.ts'
import { until } from '#testing/until.ts'
import { type Stack, startStack } from './stack.ts'
import type { Watchers } from './watchers.ts'

/** The stack's monitoring: it covers every program, and an alert reaches the channel. */

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

/** Sends traffic until every panel has data, or a timeout; returns the titles of empty panels. */
async function findEmptyPanels({ url }: Stack, watchers: Watchers): Promise<string[]> {
  const traffic = await sendTraffic(url, 100)
  let empty = boards.flatMap(({ title: board, panels }) =>
    panels.flatMap(({ title, queries }) => queries.map(({ expr }) => ({ name: `${board}, ${title}`, expr })))
  )
  const hasData = async (expr: string) =>
    (await readNow(watchers, resolveQuery(expr))).some(({ points: [point] }) => !Number.isNaN(point?.[1]))
  try {
    for (const end = performance.now() + 90_000; empty.length > 0 && performance.now() < end; ) {
      await wait(1_000)
      const filled = await Promise.all(empty.map(({ expr }) => hasData(expr)))
      empty = empty.filter((_, at) => !filled[at])
    }
  } finally {
    await traffic.stop()
  }
  return empty.map(({ name }) => name)
}

t.test(
  'every program is on the dashboards, and an outage of all replicas is reported in Discord',
  { skip },
  async (t) => {
    const folder = await makeFolder(t)
    const stack = await startStack({ folder, replicas: 2, isLight: false })
    t.teardown(stack.stop)
    const { watchers } = stack
    if (watchers === null) throw new Error('there are no watchers')

    const targets = await until(
      () => readTargets(watchers),
      (all) => all.length > 0 && all.every(({ health }) => health !== 'unknown')
    )
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

    t.same(
      await findEmptyPanels(stack, watchers),
      [],
      'under load every panel of every dashboard shows something'
    )

    const now = Date.now() / 1_000
    for (const expr of [DEPLOYS, STARTS]) {
      const marks = await readRange(watchers, expr, { start: now - 600, end: now, step: 15 })
      t.ok(marks.length > 0, 'it is marked on dashboards')
    }

    const start = performance.now()
    await Promise.all(stack.replicas.map((replica) => replica.stop()))
    const heard = () =>
      watchers.discord.messages.find(({ embeds }) =>
        embeds.some(({ title }) => title === 'PAGE FairleadDown')
      )
    // Uses the shipped rules, routes and intervals.
    const message = await until(heard, Boolean, 60_000)
    t.comment(`heard of after ${((performance.now() - start) / 1_000).toFixed(1)} s`)
    t.match(JSON.stringify(message), /ops\/runbooks\/fairlead-down\.md/, 'with what to do')
  }
)
