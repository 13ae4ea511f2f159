import { connectForMessages, type RedisClient } from '#platform/redis/redis-cluster.ts'
import { generationKey, type Message } from './invalidation-publisher.ts'

/**
 * Hears of changes that other replicas made, on a connection of its own. Pub/sub delivers at most once, so nobody knows
 * what was missed while not subscribed: from then until the subscription stands again, what is held is doubted.
 */

export interface InvalidationSubscriber {
  /** Whether changes made elsewhere are heard of now. */
  readonly isListening: boolean
  /** Begins to listen. Resolves when it does, or without when that fails or takes long: it goes on trying by itself. */
  start(): Promise<void>
  close(): void
}

export interface InvalidationSubscriberOptions {
  redis: RedisClient
  channel: string
  /** While not listening, what is held is doubted anew each time this long has passed. */
  doubtMs: number
  /** Longest wait of a start for the first subscription. */
  startMs: number
  /** Pause between pings, which find out that a connection died silently. */
  pingMs: number
  /** The caches whose generation is asked for when the subscription stands. */
  caches(): Iterable<string>
  onMessage(message: Message): void
  onDoubt(): void
}

/** Makes a listener that connects as the client `redis` does. */
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

  // The client of app.redis logs the outages of the same server.
  connection.on('error', () => undefined)
  connection.on('close', lose)
  connection.on('ready', () => {
    subscribing = subscribe().catch(() => reconnect())
  })
  connection.on('message', (_channel: string, text: string) => {
    try {
      onMessage(JSON.parse(text) as Message)
    } catch {
      // Whatever it said was not understood, so anything may have changed.
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
    // Not left to 'close', which comes late when the other side hangs.
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
