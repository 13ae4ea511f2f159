import t from 'tap'
import { isClusterUrl, parseClusterUrl } from './redis-cluster.ts'

t.test('parses the nodes and the credentials of a cluster URL', async (t) => {
  t.same(parseClusterUrl('redis-cluster://a:7000,10.0.0.2:7001,[::1]:7002,d'), {
    nodes: [
      { host: 'a', port: 7000 },
      { host: '10.0.0.2', port: 7001 },
      { host: '::1', port: 7002 },
      { host: 'd', port: 6379 }
    ],
    options: {}
  })
  t.same(parseClusterUrl('rediss-cluster://fair:p%40ss@a:7000/'), {
    nodes: [{ host: 'a', port: 7000 }],
    options: { username: 'fair', password: 'p@ss', tls: {} }
  })
  t.same(parseClusterUrl('redis-cluster://:secret@a').options, { password: 'secret' })
  t.notOk(isClusterUrl('redis://a:7000'))
})

t.test('an invalid URL is refused with the expected form, without the password', async (t) => {
  for (const url of ['redis-cluster://', 'redis-cluster://a:7000/3', 'redis-cluster://:secret@a:port'])
    t.throws(() => parseClusterUrl(url), /^(?!.*secret)REDIS_URL is not redis-cluster:\/\//m, url)
})
