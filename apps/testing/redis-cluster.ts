import { spawnSync } from 'node:child_process'
import { Redis } from 'ioredis'
import type { Test } from 'tap'
import { findCommand } from './programs.ts'
import { findPort, type Server } from './server-process.ts'
import { startRedis } from './servers.ts'
import { until } from './until.ts'

/** A real Redis Cluster for one test: three primaries that share the keys, and a replica of each. */

export interface RedisCluster {
  /** For REDIS_URL. */
  url: string
  nodes: Server[]
  /** The node that currently has `key`, according to the others. */
  masterOf(key: string): Promise<Server>
}

const NODES = 6
/** Offset of the port for traffic between nodes (Redis: cluster-port). */
const BUS_AT = 10_000
/** After a second of silence, a node's replica replaces it. */
const SETTINGS = [
  ...['--cluster-enabled', 'yes', '--cluster-node-timeout', '1000'],
  ...['--repl-diskless-sync-delay', '0']
]

/** Starts a cluster; it is removed with the test. */
export async function startRedisCluster(t: Test): Promise<RedisCluster> {
  const nodes = await Promise.all(
    Array.from({ length: NODES }, async () =>
      startRedis(t, { aof: true, port: await findPort(BUS_AT), args: SETTINGS })
    )
  )
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`)
  const command = findCommand('redis-cli') ?? 'redis-cli'
  const made = spawnSync(
    command,
    ['--cluster', 'create', ...addresses, '--cluster-replicas', '1', '--cluster-yes'],
    { encoding: 'utf8' }
  )
  if (made.status !== 0) throw new Error(`no cluster was made: ${made.stdout}${made.stderr}`)
  for (const node of nodes) await untilWhole(node)
  return {
    url: `redis-cluster://${addresses.join()}`,
    nodes,
    async masterOf(key) {
      for (const node of nodes) {
        const port = await ask(node, async (redis) => {
          const slot = await redis.cluster('KEYSLOT', key)
          const ranges = await redis.cluster('SLOTS')
          const range = ranges.find(([first, last]) => first <= slot && slot <= last)
          return range?.[2]?.[1]
        }).catch(() => undefined)
        const master = nodes.find((one) => one.port === port)
        if (master) return master
      }
      throw new Error(`no node has ${key}`)
    }
  }
}

/** Resolves when `node` knows the node of each key and, as a replica, is in sync. */
async function untilWhole(node: Server): Promise<void> {
  const describe = () =>
    ask(node, async (redis) => `${await redis.cluster('INFO')}${await redis.info('replication')}`)
  const whole = /role:master\r\nconnected_slaves:1|master_link_status:up/
  await until(describe, (text) => /cluster_state:ok/.test(text) && whole.test(text))
}

async function ask<T>({ port }: Server, question: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(port, '127.0.0.1', { retryStrategy: () => null, lazyConnect: true })
  redis.on('error', () => undefined)
  try {
    await redis.connect()
    return await question(redis)
  } finally {
    redis.disconnect()
  }
}
