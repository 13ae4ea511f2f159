import t from 'tap'
import { makeWarmLink, sendVisitors, storedClicks } from '#testing/click-context.ts'
import { makeFolder } from '#testing/folder.ts'
import { type ListeningServer, startServer } from '#testing/process.ts'
import { missing } from '#testing/programs.ts'
import { startRedisCluster } from '#testing/redis-cluster.ts'
import { startPostgres } from '#testing/servers.ts'
import { until } from '#testing/until.ts'

/**
 * Two replicas on a Redis Cluster of six nodes: they share links and invalidations, and a failover loses no
 * click.
 */

const skip = missing('redis-server') || missing('redis-cli')

t.test('on a Redis Cluster', { skip }, async (t) => {
  const [postgres, cluster, folder] = await Promise.all([
    startPostgres(t),
    startRedisCluster(t),
    makeFolder(t)
  ])
  const env = {
    DATA_DIR: folder,
    DATABASE_URL: postgres.url,
    REDIS_URL: cluster.url,
    REDIS_REPLICAS: '1',
    CLICK_TAKE_OVER_MS: '500'
  }
  const one = await startServer(t, env)
  const other = await startServer(t, env)
  let followed = 0

  await t.test('both replicas are ready', async (t) => {
    for (const { request } of [one, other]) t.equal((await request('GET', '/health/ready')).json.status, 'ok')
  })

  await t.test('links of all nodes are shared, and the other replica receives changes', async (t) => {
    for (let n = 0; n < 20; n++) {
      const { json: url } = await one.request('POST', '/urls', {
        json: { original_url: 'https://example.com/', short_code: `spread${n}` }
      })
      const follow = () => other.request('GET', `/spread${n}`)
      t.equal((await follow()).status, 302)
      followed++
      await one.request('PUT', `/urls/${url.id}`, { json: { is_active: false } })
      let isOff = false
      await until(
        async () => {
          isOff = (await follow()).status === 404
          if (!isOff) followed++
        },
        () => isOff
      )
      t.ok(isOff, 'the change is heard')
    }
    t.equal(await metric(one, 'fairlead_redis_connected'), 1)
    t.ok((await metric(other, 'fairlead_clicks_total{outcome="appended"}')) >= 20, 'the stream takes clicks')
    t.equal(await metric(other, 'fairlead_clicks_total{outcome="fellBack"}'), 0)
  })

  await t.test('the node with the clicks is killed and its replica takes over', async (t) => {
    await makeWarmLink(one, 'warm')
    await other.request('GET', '/warm')
    followed += 2
    const crowds = [one, other].map((server) => sendVisitors(server, '/warm', 4))
    const more = (count: number) => Promise.all(crowds.map((crowd) => crowd.untilGiven(count)))
    await more(100)
    const first = await cluster.masterOf('fairlead:clicks')
    await first.kill()
    await more(100)
    const next = await until(
      () => cluster.masterOf('fairlead:clicks'),
      ({ port }) => port !== first.port
    )
    t.not(next.port, first.port, 'another node has the clicks')
    // The new node has no replica left, so writes succeed only once the returned node replicates them.
    await first.start()
    const before = await metric(one, 'fairlead_clicks_total{outcome="appended"}')
    const after = await until(
      () => metric(one, 'fairlead_clicks_total{outcome="appended"}'),
      (appended) => appended > before,
      20_000
    )
    t.ok(after > before, 'the stream takes clicks again')
    await more(100)
    await Promise.all(crowds.map((crowd) => crowd.leave()))
    for (const { aggregate } of crowds) {
      followed += aggregate.given
      t.same([aggregate.refused.size, aggregate.unanswered], [0, 0], 'every visitor was led on')
    }
    t.same(await storedClicks(postgres.url, followed), { clicks: followed, distinct: followed })
  })
})

async function metric({ request }: ListeningServer, name: string): Promise<number> {
  const { text } = await request('GET', '/metrics')
  const line = text.split('\n').find((line) => line.startsWith(`${name} `))
  return Number(line?.split(' ')[1])
}
