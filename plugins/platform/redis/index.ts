import type { FastifyRedis } from '@fastify/redis'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { type ClientOptions, createRedisClient, type RedisClient } from './redis-cluster.ts'

/**
 * The connection to Redis. A Redis outage must not fail the boot, a request or the close. @fastify/redis
 * alone cannot ensure that: it waits for the first connection until the plugin timeout, handles no errors,
 * and closes only after its queued commands. It therefore receives a client that is already connected.
 */

export interface RedisOptions {
  /**
   * `redis://`, `redis-cluster://`, or either with TLS (`rediss`). Without it the plugin decorates nothing.
   */
  url?: string | undefined
  /** Prefix of every key. It does not apply to channels: publishers add it to the channel name themselves. */
  prefix?: string
  /** How long the boot waits for the first connection, in milliseconds. It then continues without Redis. */
  connectTimeoutMs?: number | undefined
}

/**
 * Longest wait for a reply. It is well above what Redis needs, because Node runs timers before it reads
 * sockets. A busy event loop must not time out a reply that has arrived.
 */
const COMMAND_TIMEOUT_MS = 1_000

/**
 * Pause before the next attempt to connect: doubles from 50 ms to about 1 s, with jitter to spread replicas.
 */
export function reconnectDelay(attempt: number): number {
  return Math.min(50 * 2 ** (attempt - 1), 1_000) * (0.8 + Math.random() * 0.4)
}

/**
 * Registers `app.redis` (ioredis) when `url` is set; check `app.hasDecorator('redis')`. A command fails at
 * once without a connection, and within a second when Redis hangs. Commands are never queued, so the caller
 * decides how to continue. The client reconnects indefinitely, and logs the start and the end of each outage
 * once.
 *
 * Commands of one event-loop tick share a write (autopipelining). Use `connectAgain` for blocking commands
 * and `connectForMessages` for subscriptions. In a cluster the keys of a command must share a slot. Only
 * commands for an unavailable node fail.
 */
async function redis(app: FastifyInstance, { url, prefix = '', connectTimeoutMs = 1_000 }: RedisOptions) {
  if (url === undefined) return
  const settings: ClientOptions = {
    keyPrefix: prefix,
    lazyConnect: true,
    connectTimeout: connectTimeoutMs,
    commandTimeout: COMMAND_TIMEOUT_MS,
    retryStrategy: reconnectDelay,
    // A command in flight fails when the connection breaks. Only its caller knows whether a retry is safe.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    enableAutoPipelining: true,
    // Clicks and lookups are batched already, so pipelining them only adds cost. Pipelines of the client also
    // keep one another alive, with all that was sent and received, until a full garbage collection.
    autoPipeliningIgnoredCommands: ['xadd', 'mget'],
    connectionName: 'fairlead'
  }
  const client = createRedisClient(url, settings)
  logOutages(app, client)
  // Hooks run last in, first out: plugins registered later have finished with the client.
  app.addHook('onClose', async () => client.disconnect())

  if (await connects(client, connectTimeoutMs)) await app.register(import('@fastify/redis'), { client })
  else app.decorate('redis', client as unknown as FastifyRedis)
}

function logOutages(app: FastifyInstance, client: RedisClient): void {
  let isDown = false
  client.on('error', (error: Error) => {
    if (isDown) return
    isDown = true
    app.log.warn({ err: error }, 'Redis connection lost, continuing without Redis')
  })
  client.on('ready', () => {
    if (isDown) app.log.info('Redis connection restored')
    isDown = false
  })
}

/** True if the client is ready within `timeoutMs`. Otherwise it keeps trying to connect. */
async function connects(client: RedisClient, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<boolean>((done) => {
    timer = setTimeout(done, timeoutMs, false)
  })
  const connected = client.connect().then(
    () => true,
    () => false
  )
  const isReady = await Promise.race([connected, timeout])
  clearTimeout(timer)
  return isReady
}

export default fp(redis, { name: 'redis', fastify: '5.x' })
