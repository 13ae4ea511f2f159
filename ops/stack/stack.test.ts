import { Agent } from 'node:http'
import { Redis } from 'ioredis'
import t from 'tap'
import { makeFolder } from '#testing/folder.ts'
import { missing } from '#testing/programs.ts'
import { ask } from './clients.ts'
import { startStack } from './stack.ts'

/** The local stack: the programs it starts, the data it keeps and the processes it leaves. */

const skip = missing('postgres') || missing('redis-server') || missing('nginx')

t.test(
  'a stopped stack leaves nothing running and keeps its data for the next start',
  { skip },
  async (t) => {
    const folder = await makeFolder(t)
    const agent = new Agent()
    const options = { folder, replicas: 1, isLight: true }
    const first = await startStack(options)
    const pids = first.units.map(({ pid }) => pid ?? 0)
    const made = { original_url: 'https://acme.dev/kept', short_code: 'kept' }
    t.equal((await ask(agent, `${first.url}/urls`, 'POST', made)).status, 201)
    await t.rejects(first.rollingRestart(), /two replicas/)
    await first.stop()
    for (const pid of pids) t.throws(() => process.kill(pid, 0), { code: 'ESRCH' }, `${pid} is gone`)
    const second = await startStack(options)
    t.teardown(() => second.stop())
    t.equal((await ask(agent, `${second.url}/kept`, 'GET')).status, 302)
    const redis = new Redis(second.redisUrl)
    t.teardown(() => redis.disconnect())
    for (const deletion of [
      redis.flushall(),
      redis.flushdb('ASYNC'),
      redis.eval("redis.call('FLUSHALL')", 0)
    ])
      await t.rejects(deletion, /NOPERM|can't run this command/, 'clients can not delete pending clicks')
    t.same(await redis.config('GET', 'appendonly'), ['appendonly', 'yes'])
  }
)
