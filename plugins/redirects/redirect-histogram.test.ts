import fastify from 'fastify'
import t from 'tap'
import metrics from '#platform/observability/metrics.ts'
import { createRedirectHistogram } from './redirect-histogram.ts'

t.test('durations are exported as a histogram in seconds', async (t) => {
  const app = fastify()
  await app.register(metrics)
  const histogram = createRedirectHistogram(app)
  for (const ms of [0, 0.05, 0.06, 3, 999, 5_000]) histogram.followed.observe(ms)
  histogram.unknown.observe(1)
  const { body } = await app.inject('/metrics')
  const values = new Map(
    body
      .split('\n')
      .filter((line) => line.startsWith('fairlead_redirect_duration_seconds'))
      .map((line) => {
        const [series = '', value] = line.slice('fairlead_redirect_duration_seconds'.length).split(' ')
        return [series, Number(value)]
      })
  )
  const bucket = (le: string, status = 302) => values.get(`_bucket{le="${le}",status="${status}"}`)
  t.match(body, /# TYPE fairlead_redirect_duration_seconds histogram/)
  t.equal(bucket('0.00005'), 2, 'a bound belongs to its bucket')
  t.equal(bucket('0.0001'), 3)
  t.equal(bucket('0.005'), 4)
  t.equal(bucket('0.25'), 4)
  t.equal(bucket('1'), 5)
  t.equal(bucket('+Inf'), 6)
  t.equal(values.get('_count{status="302"}'), 6)
  t.ok(Math.abs((values.get('_sum{status="302"}') ?? 0) - 6.00211) < 1e-9)
  t.equal(bucket('0.001', 404), 1)
  t.equal(values.get('_count{status="503"}'), 0, 'a status that has not come yet is there')
  await app.close()
})
