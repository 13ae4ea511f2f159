import { randomBytes } from 'node:crypto'
import t, { type Test } from 'tap'
import { type Running, startApp } from '#testing/app.ts'
import { CHROME } from '#testing/make-click.ts'
import { missing } from '#testing/programs.ts'
import { startPostgres, startRedis } from '#testing/servers.ts'
import { until } from '#testing/until.ts'

/** Limited links on two replicas, whose PostgreSQL the test kills and freezes. */

const skip = missing('redis-server')

type Replica = Pick<Running, 'request'>

async function startReplicas(t: Test) {
  const [postgres, redis] = await Promise.all([startPostgres(t, { fsync: true }), startRedis(t)])
  const start = (name: string) => {
    const storage = { DATABASE_URL: postgres.url, REDIS_URL: redis.url, DATA_DIR: `${dataDir}/${name}` }
    return startApp(t, { storage, env: { TRUST_PROXY: '127.0.0.1' } })
  }
  const dataDir = t.testdir()
  const first = await start('first')
  const second = await start('second')
  async function create(fields: object) {
    const json = { original_url: 'https://acme.dev/', ...fields }
    const { json: url } = await first.request('POST', '/urls', { json })
    return { id: url.id as number, path: `/${url.short_code}` }
  }
  return { postgres, first, second, create }
}

const visit = ({ request }: Replica, path: string, headers: Record<string, string> = {}) =>
  request('GET', path, { headers: { 'user-agent': CHROME, ...headers } })

async function statusOf(replica: Replica, path: string): Promise<number> {
  return (await visit(replica, path)).status
}

async function leftOf({ request }: Replica, id: number): Promise<number> {
  return (await request('GET', `/urls/${id}`)).json.visits_left
}

async function countClicks({ request }: Replica, id: number): Promise<number> {
  const { headers } = await request('GET', `/events?url_id=${id}&event_type=click&page=1&per_page=1`)
  return Number(headers.get('x-total-count'))
}

t.test('a limit of visits on two replicas', { skip }, async (t) => {
  const { postgres, first, second, create } = await startReplicas(t)

  t.test('two replicas give as many redirects as one', async (t) => {
    const warm = await create({ max_visits: 2 })
    t.same([await statusOf(first, warm.path), await statusOf(second, warm.path)], [302, 302])
    const { id, path } = await create({ max_visits: 30 })
    const others = await Promise.all(Array.from({ length: 5 }, () => create({ max_visits: 3 })))
    const paths = [...Array(40).fill(path), ...others.flatMap((one) => Array(4).fill(one.path))]
    const statuses = await Promise.all(paths.flatMap((one) => [statusOf(first, one), statusOf(second, one)]))
    const count = (wanted: number) => statuses.filter((status) => status === wanted).length
    t.same([count(302), count(410)], [30 + 5 * 3, 2 * paths.length - 45])
    t.equal(await countClicks(second, id), 30)
    t.equal(await leftOf(second, id), 0)
  })

  t.test('a visit that a proxy sends to both replicas counts once', async (t) => {
    const { id, path } = await create({ max_visits: 10 })
    const named = () => ({
      'x-visit-id': `${(Date.now() / 1_000).toFixed(3)}-${randomBytes(16).toString('hex')}`
    })
    for (let at = 0; at < 9; at++) {
      const headers = named()
      const answers = [await visit(first, path, headers), await visit(second, path, headers)]
      t.same(
        answers.map(({ status }) => status),
        [302, 302]
      )
    }
    const last = named()
    const answers = await Promise.all([last, last, named(), named()].map((one) => visit(first, path, one)))
    t.same(
      answers.map(({ status }) => status),
      [302, 302, 410, 410]
    )
    t.equal(await leftOf(first, id), 0)
    t.equal(await countClicks(first, id), 10)
  })

  t.test('without PostgreSQL limited links are 503, and others work', async (t) => {
    const plain = await create({})
    const limited = await create({ max_visits: 5 })
    const usedUp = await create({ max_visits: 1 })
    const replicas = [first, second]
    for (const replica of replicas) {
      t.equal(await statusOf(replica, plain.path), 302)
      t.equal(await statusOf(replica, limited.path), 302)
    }
    await statusOf(first, usedUp.path)
    await until(async () => (await statusOf(second, usedUp.path)) === 410)
    // Both have the used-up link in process now.
    for (const replica of replicas) t.equal(await statusOf(replica, usedUp.path), 410)

    await postgres.kill()
    for (const replica of replicas) {
      const { status, headers } = await visit(replica, limited.path)
      t.equal(status, 503)
      t.ok(Number(headers.get('retry-after')) >= 1)
      t.equal(headers.get('location'), null)
      t.equal(await statusOf(replica, usedUp.path), 410)
      t.equal(await statusOf(replica, plain.path), 302)
      t.equal((await replica.request('HEAD', limited.path)).status, 200)
    }
    await postgres.start()
    await until(async () => (await statusOf(first, limited.path)) === 302)
    t.equal(await leftOf(first, limited.id), 2, 'what was refused did not count')
  })

  t.test('while PostgreSQL hangs, limited links are 503, and others work', async (t) => {
    const plain = await create({})
    const limited = await create({ max_visits: 50 })
    t.equal(await statusOf(first, plain.path), 302)
    t.equal(await statusOf(first, limited.path), 302)
    postgres.freeze()
    const statuses = await Promise.all(Array.from({ length: 20 }, () => statusOf(first, limited.path)))
    t.same(new Set(statuses), new Set([503]))
    t.equal(await statusOf(first, plain.path), 302)
    postgres.thaw()
    await until(async () => (await statusOf(first, limited.path)) === 302)
    const [left, clicks] = [await leftOf(first, limited.id), await countClicks(first, limited.id)]
    t.equal(left + clicks, 50, 'each visit that counts has its click')
  })
})
