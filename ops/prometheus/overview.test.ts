import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { stringify } from 'yaml'
import { startApp } from '#testing/app.ts'
import { makeFolder } from '#testing/folder.ts'
import { missing } from '#testing/programs.ts'
import { findPort, runServer } from '#testing/server-process.ts'
import { prometheusProgram } from '#testing/server-programs.ts'
import { until } from '#testing/until.ts'
import { RULES } from './rule-files.ts'

/** `GET /api/system` with a Prometheus that runs the shipped rules. */

const skip = missing('prometheus')

t.test('shows all processes, error budgets and firing alerts from Prometheus', { skip }, async (t) => {
  const port = await findPort()
  const { request, url } = await startApp(t, { env: { PROMETHEUS_URL: `http://127.0.0.1:${port}/` } })
  const read = async () => (await request('GET', '/api/system')).json
  t.match(await read(), { source: 'process', source_reason: /ECONNREFUSED/ }, 'Prometheus does not run yet')

  const folder = await makeFolder(null)
  const rules = join(folder, 'rules')
  mkdirSync(rules)
  for (const file of readdirSync(RULES)) {
    const text = readFileSync(join(RULES, file), 'utf8')
    writeFileSync(
      join(rules, file),
      text.replace(/\b(interval|for): \S+/g, (_all, name) => `${name}: ${name === 'for' ? 0 : 1}s`)
    )
  }
  const own = new URL(url).host
  const gone = `127.0.0.1:${await findPort()}`
  const config = {
    global: {
      scrape_interval: '1s',
      scrape_timeout: '1s',
      external_labels: { runbooks: 'https://example.com/runbooks' }
    },
    rule_files: [`${rules}/*.yml`],
    scrape_configs: [{ job_name: 'fairlead', static_configs: [{ targets: [own, gone] }] }]
  }
  writeFileSync(join(folder, 'prometheus.yml'), stringify(config))
  await runServer(t, prometheusProgram(port, folder), folder)

  const { json } = await request('POST', '/shorten', { json: { url: 'https://example.com' } })
  const system = await until(
    async () => {
      await request('GET', `/${json.short_code}`)
      return read()
    },
    ({ alerts, slos }) =>
      alerts?.some(({ name }: { name: string }) => name === 'ReplicaDown') &&
      slos?.some(({ budget_remaining }: { budget_remaining: number | null }) => budget_remaining !== null),
    60_000
  )
  t.match(system, { source: 'prometheus', source_reason: null, process: { pid: process.pid } })
  const byName = (a: { instance: string }, b: { instance: string }) => a.instance.localeCompare(b.instance)
  t.match(
    system.replicas.known.sort(byName),
    [
      { instance: own, job: 'fairlead', is_up: true, node: process.version, uptime_seconds: Number },
      { instance: gone, job: 'fairlead', is_up: false, version: null, uptime_seconds: null }
    ].sort(byName)
  )
  const [down] = system.alerts.filter(({ name }: { name: string }) => name === 'ReplicaDown')
  t.match(down, {
    severity: 'ticket',
    labels: { instance: gone },
    summary: String,
    runbook: 'https://example.com/runbooks/replica-down.md'
  })
  t.notOk(system.alerts.some(({ name }: { name: string }) => name === 'Watchdog'))
  const [slo] = system.slos.filter(({ name }: { name: string }) => name === 'redirect-availability')
  t.match(slo, { objective: 0.9999, error_ratio_30d: 0, budget_remaining: 1, runbook: /redirects-fail\.md$/ })
  const [clicks] = system.groups.filter(({ name }: { name: string }) => name === 'clicks')
  t.ok(clicks.figures.some(({ labels }: { labels: object }) => 'outcome' in labels))
})
