import { connectForMessages, type RedisClient } from '#platform/redis/redis-cluster.ts'
import { generationKey, type Message } from './invalidation-publisher.ts'

/**
 * Receives the changes of other replicas on a dedicated connection. Pub/sub delivers at most once, so
 * messages can be lost while the subscription is down. Until it is back, in-process entries are marked stale.
 */

export interface InvalidationSubscriber {
  /** True while this process receives the changes of other replicas. */
  readonly isListening: boolean
  /** Subscribes. Resolves on success, on failure or after `startMs`; it keeps retrying in the background. */
  start(): Promise<void>
  close(): void
}

export interface InvalidationSubscriberOptions {
  redis: RedisClient
  channel: string
  /** Interval at which entries are marked stale while not subscribed. */
  doubtMs: number
  /** Maximum wait of a start for the first subscription. */
  startMs: number
  /** Interval of pings, which detect a connection that died silently. */
  pingMs: number
  /** The caches whose generation is read after each subscription. */
  caches(): Iterable<string>
  onMessage(message: Message): void
  onDoubt(): void
}

/** Creates a subscriber that connects as the client `redis` does. */
export function createInvalidationSubscriber(options: InvalidationSubscriberOptions): InvalidationSubscriber {
  const { redis, channel, doubtMs, pingMs, startMs, onMessage, onDoubt } = options
  const connection = connectForMessages(redis, {
    lazyConnect: true,
    enableAutoPipelining: false,
    autoResubscribe: false,
    connectionName: 'fairlead-cache'
  })
  let isListening = false
  let isClosed = false
  let subscribing: Promise<void> | undefined
  let doubts: NodeJS.Timeout | undefined
  let pings: NodeJS.Timeout | undefined

  // The client of `app.redis` logs outages of the same server.
  connection.on('error', () => undefined)
  connection.on('close', lose)
  connection.on('ready', () => {
    subscribing = subscribe().catch(() => reconnect())
  })
  connection.on('message', (_channel: string, text: string) => {
    try {
      onMessage(JSON.parse(text) as Message)
    } catch {
      // An unreadable message may have announced any change.
      onDoubt()
    }
  })

  async function subscribe(): Promise<void> {
    await connection.subscribe(channel)
    for (const cache of options.caches()) {
      const generation = await redis.get(generationKey(cache))
      if (generation !== null) onMessage({ cache, generation: Number(generation) })
    }
    isListening = true
    clearInterval(doubts)
    doubts = undefined
    clearInterval(pings)
    pings = setInterval(ping, pingMs).unref()
    onDoubt()
  }

  function ping(): void {
    connection.ping().catch(() => reconnect())
  }

  function reconnect(): void {
    if (isClosed) return
    // Does not wait for 'close', which comes late when the server hangs.
    lose()
    connection.disconnect(true)
  }

  function lose(): void {
    isListening = false
    clearInterval(pings)
    if (!isClosed) doubts ??= setInterval(onDoubt, doubtMs).unref()
  }

  return {
    get isListening() {
      return isListening
    },
    async start() {
      lose()
      const connected = connection.connect().catch(() => undefined)
      const timeout = new Promise((done) => {
        setTimeout(done, startMs).unref()
      })
      await Promise.race([connected.then(() => subscribing), timeout])
    },
    close() {
      isClosed = true
      isListening = false
      clearInterval(pings)
      clearInterval(doubts)
      connection.disconnect()
    }
  }
}
