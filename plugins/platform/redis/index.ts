import type { FastifyRedis } from '@fastify/redis'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { type ClientOptions, createRedisClient, type RedisClient } from './redis-cluster.ts'

/**
 * The link to Redis, which may be away at any time without failing the boot, a request or the close.
 * @fastify/redis alone can do none of that: it waits for the first connection until the plugin timeout, listens to no
 * errors and closes behind its command queue, so it is handed a client that is already connected.
 */

export interface RedisOptions {
  /** `redis://`, `redis-cluster://`, or either with TLS (`rediss`); nothing is decorated when undefined. */
  url?: string | undefined
  /** What every key starts with; channels have no such thing, so whoever publishes puts it before their names. */
  prefix?: string
  /** How long the boot waits for the first connection before it goes on without, in milliseconds. */
  connectTimeoutMs?: number | undefined
}

/**
 * Longest wait for any reply. Well above what Redis takes, because Node runs timers before it reads sockets: a busy
 * event loop must not make a timeout of a reply that has arrived.
 */
const COMMAND_TIMEOUT_MS = 1_000

/** Pause before the next attempt to connect: doubles from 50 ms to about 1 s, with jitter so replicas spread. */
export function reconnectDelay(attempt: number): number {
  return Math.min(50 * 2 ** (attempt - 1), 1_000) * (0.8 + Math.random() * 0.4)
}

/**
 * Publishes `app.redis` (ioredis) when `url` is set; ask `app.hasDecorator('redis')`. A command fails at once while
 * there is no connection and within a second when Redis hangs; it is never queued, so the caller decides what to do
 * without. The client reconnects by itself for ever; each outage is logged once, and its end. Commands of one turn of the
 * event loop share a write (autopipelining): use `connectAgain` for what blocks, `connectForMessages` for what subscribes.
 * In a cluster a command must name keys of one slot, and only those of a node that is away fail.
 */
async function redis(app: FastifyInstance, { url, prefix = '', connectTimeoutMs = 1_000 }: RedisOptions) {
  if (url === undefined) return
  const settings: ClientOptions = {
    keyPrefix: prefix,
    lazyConnect: true,
    connectTimeout: connectTimeoutMs,
    commandTimeout: COMMAND_TIMEOUT_MS,
    retryStrategy: reconnectDelay,
    // A command that was sent when the connection broke fails now; whoever sent it knows if it may be sent twice.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    enableAutoPipelining: true,
    // Batches of clicks and of lookups are gathered already: a pipeline of one would only cost. And the client's pipelines
    // keep one another alive until a full collection, with all that was sent and received.
    autoPipeliningIgnoredCommands: ['xadd', 'mget'],
    connectionName: 'fairlead'
  }
  const client = createRedisClient(url, settings)
  logOutages(app, client)
  // Hooks run last in, first out: whoever was registered after this plugin has finished with the client.
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

/** Whether the client is ready within `timeoutMs`; it goes on trying by itself when not. */
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
