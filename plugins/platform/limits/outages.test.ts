import t from 'tap'
import { startApp, storageOf } from '#testing/app.ts'
import { missing } from '#testing/programs.ts'
import { startRedis } from '#testing/servers.ts'

/** Limits while the Redis in which replicas count is down: no request is refused or fails because of it. */

t.test(
  'a process counts by itself while Redis hangs or is gone',
  { skip: missing('redis-server') },
  async (t) => {
    const redis = await startRedis(t)
    const storage = { ...(await storageOf(t, 'alone')), REDIS_URL: redis.url }
    const env = { RATE_LIMIT: 'on', RATE_LIMIT_API: '3/3600', RATE_LIMIT_CREATE: '3/3600' }
    const { request } = await startApp(t, { storage, env })
    const list = async () => (await request('GET', '/urls')).status
    const create = async () =>
      (await request('POST', '/urls', { json: { original_url: 'https://example.com/' } })).status

    redis.freeze()
    t.same([await list(), await list(), await list(), await list()], [200, 200, 200, 429], 'while it hangs')
    await redis.kill()
    t.same(
      [await create(), await create(), await create(), await create()],
      [201, 201, 201, 429],
      'while it is gone'
    )
  }
)
