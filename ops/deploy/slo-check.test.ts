import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { makeFolder } from '#testing/folder.ts'
import { listen } from '#testing/listen.ts'
import { missing } from '#testing/programs.ts'
import { findPort, runServer } from '#testing/server-process.ts'
import { prometheusProgram } from '#testing/server-programs.ts'
import { until } from '#testing/until.ts'
import { checkRelease, look } from './slo-check.ts'

/** The check queries a real Prometheus, which scrapes counters that the test moves. */

const skip = missing('prometheus')

const QUICK = { replicas: 1, leastRedirects: 50, floorS: 3, everyMs: 200 }

/** The counters of a replica, and a Prometheus that scrapes them five times a second. */
async function startPrometheus(t: Test) {
  /** Redirects per fifth of a second, by outcome. */
  const pace = { fast: 20, slow: 0, failed: 0, lost: 0, errors: 0 }
  const sums = { fast: 0, slow: 0, failed: 0, lost: 0, errors: 0 }
  const kinds = Object.keys(pace) as (keyof typeof pace)[]
  const target = createServer((_request, response) => {
    for (const kind of kinds) sums[kind] += pace[kind]
    const redirect = 'fairlead_redirect_duration_seconds'
    const api = (status: string, value: number) =>
      `http_request_duration_seconds_count{route="/urls",status_code="${status}"} ${value}`
    response
      .setHeader('content-type', 'text/plain; version=0.0.4')
      .end(
        `${[
          `${redirect}_bucket{status="302",le="0.025"} ${sums.fast}`,
          `${redirect}_count{status="302"} ${sums.fast + sums.slow}`,
          `${redirect}_count{status="503"} ${sums.failed}`,
          `fairlead_clicks_total{outcome="added"} ${sums.fast + sums.slow}`,
          `fairlead_clicks_total{outcome="lost"} ${sums.lost}`,
          api('200', sums.fast),
          api('500', sums.errors)
        ].join('\n')}\n`
      )
  })
  const address = await listen(t, target)
  const folder = await makeFolder(t)
  const port = await findPort()
  const file = join(folder, 'prometheus.yml')
  await writeFile(
    file,
    `global: { scrape_interval: 200ms, scrape_timeout: 150ms, evaluation_interval: 200ms }
rule_files: [alerts.yml]
scrape_configs:
  - job_name: fairlead
    static_configs: [{ targets: ['${address}'] }]
`
  )
  await writeFile(
    join(folder, 'alerts.yml'),
    `groups:
  - name: all
    rules:
      - { alert: Errors, expr: 'rate(http_request_duration_seconds_count{status_code="500"}[3s]) > 1', labels: { severity: page } }
`
  )
  const { url } = await runServer(t, prometheusProgram(port, folder), folder)
  return { prometheusUrl: url, pace }
}

t.test('a release is kept while promises hold, and rejected when one breaks', { skip }, async (t) => {
  const { prometheusUrl, pace } = await startPrometheus(t)
  const options = { ...QUICK, prometheusUrl, seconds: 0.5 }
  /** The names of the bad findings, once they are `expected`. */
  const waitForBad = (...expected: string[]) =>
    until(
      async () => (await look(options, 3)).filter(({ isGood }) => !isGood).map(({ name }) => name),
      (bad) => bad.join() === expected.join()
    )
  t.same(await waitForBad(), [], 'all is measured, and well')
  const findings = await checkRelease(options)
  t.same(
    findings.map(({ name }) => name),
    [
      'replicas',
      'redirects',
      'redirect-availability',
      'redirect-latency',
      'click-durability',
      'API errors',
      'alerts that page'
    ]
  )

  pace.slow = 8
  t.same(await waitForBad('redirect-latency'), ['redirect-latency'])
  await t.rejects(
    checkRelease({ ...options, seconds: 600 }),
    { name: 'PromisesBroken', message: /^bad: redirect-latency 0\.\d+ \(0\.144 or less\)$/ },
    'long before its time is over'
  )
  const mended = checkRelease({ ...options, duringIncident: true, floorS: 1.5, seconds: 5 })
  pace.slow = 0
  const judged = (await mended).map(({ name }) => name)
  t.ok(
    judged.includes('redirect-latency') && !judged.includes('alerts that page'),
    'a mend is judged at its end'
  )
  pace.failed = 1
  t.same(await waitForBad('redirect-availability'), ['redirect-availability'], 'one in twenty')
  Object.assign(pace, { failed: 0, lost: 1 })
  t.same(await waitForBad('click-durability'), ['click-durability'], 'a lost click has no budget')
  Object.assign(pace, { lost: 0, errors: 2 })
  t.same(await waitForBad('API errors', 'alerts that page'), ['API errors', 'alerts that page'])
  Object.assign(pace, { errors: 0 })
  t.same(await waitForBad(), [], 'and it is well again')
})

t.test('a missing measurement is a bad finding', { skip }, async (t) => {
  const { prometheusUrl, pace } = await startPrometheus(t)
  pace.fast = 0
  const options = { ...QUICK, prometheusUrl, seconds: 1 }
  await until(
    () => look(options, 3),
    (seen) => seen.every(({ value }) => value !== null)
  )
  await t.rejects(checkRelease(options), { message: /^bad: redirects 0 \(50 or more\)$/ }, 'no traffic')
  await t.rejects(checkRelease({ ...options, replicas: 2 }), { message: /replicas 1 \(2 or more\)/ })
  const other = createServer((_request, response) =>
    response.end('{"status":"success","data":{"result":[]}}')
  )
  const empty = `http://${await listen(t, other)}`
  await t.rejects(
    checkRelease({ ...options, prometheusUrl: empty }),
    { message: /replicas not measured .*\n.*redirect-availability not measured/s },
    'a Prometheus that sees nothing of it'
  )
  await t.rejects(checkRelease({ ...options, prometheusUrl: `${prometheusUrl}/nowhere` }), /answered 404/)
})
