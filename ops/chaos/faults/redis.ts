import type { Fault } from '#ops/chaos/fault.ts'
import { end, freeze, takeDown } from '#ops/chaos/units.ts'

/** Faults of Redis. */

export const redisFaults: Fault[] = [
  {
    name: 'redis-gone-30s',
    what: 'Redis is stopped for 30 s.',
    testbed: 'plain',
    isSmoke: true,
    alerts: ['RedisDown'],
    run: (context) => takeDown(context, [context.stack.unit('redis')], 30_000)
  },
  {
    name: 'redis-restart',
    what: 'Redis is stopped gracefully and started again at once.',
    testbed: 'plain',
    async run({ stack }) {
      await stack.unit('redis').stop()
      await stack.unit('redis').start()
    }
  },
  {
    name: 'redis-kill',
    what: 'Redis is killed (SIGKILL) and started again by its supervisor: it reads its append-only file.',
    testbed: 'plain',
    run: (context) => end(context, context.stack.unit('redis'), 'SIGKILL')
  },
  {
    name: 'redis-freeze',
    what: 'Redis is paused for 8 s (SIGSTOP, SIGCONT): commands wait.',
    testbed: 'plain',
    run: (context) => freeze(context, context.stack.unit('redis'), 8_000)
  },
  {
    name: 'redis-flush-cache',
    what: 'Everything in Redis but the clicks is deleted.',
    testbed: 'plain',
    async run({ redis, check }) {
      const keys = (await redis('KEYS', 'fairlead:*')) as string[]
      const cached = keys.filter((key) => !key.startsWith('fairlead:clicks'))
      for (const key of cached) await redis('DEL', key)
      check('there was something to delete', cached.length > 0)
    }
  },
  {
    name: 'redis-flush-all',
    what: 'FLUSHALL and FLUSHDB, by hand and by a script: Redis refuses them, as it is configured.',
    testbed: 'plain',
    async run({ redis, check }) {
      const commands = [['FLUSHALL'], ['FLUSHDB', 'ASYNC'], ['EVAL', "redis.call('FLUSHALL')", 0]] as const
      for (const [command, ...args] of commands) {
        const answer = await redis(command, ...args).catch((error: Error) => error.message)
        check(`${command} is refused: ${answer}`, /NOPERM|can't run this command/.test(String(answer)))
      }
    }
  },
  {
    name: 'redis-full',
    what: 'Redis may use no more memory (maxmemory, noeviction): it refuses every write.',
    testbed: 'plain',
    alerts: ['RedisMemoryHigh'],
    async run({ redis, hold }) {
      await redis('CONFIG', 'SET', 'maxmemory-policy', 'noeviction')
      await redis('CONFIG', 'SET', 'maxmemory', '1mb')
      try {
        await hold(8_000)
      } finally {
        await redis('CONFIG', 'SET', 'maxmemory', '0')
        await redis('CONFIG', 'SET', 'maxmemory-policy', 'volatile-lru')
      }
    }
  }
]
