import type { RedisClient } from '#platform/redis/redis-cluster.ts'
import { sharedKey } from './shared.ts'

/**
 * Publishes changes to Redis and to the other replicas. Changes made while Redis is down are queued and sent
 * when it is back, so an outage leaves no outdated value behind.
 */

/** A changed key and its new version. */
export interface Change {
  key: string
  version: number
}

/** The message between replicas, as JSON. */
export interface Message {
  cache: string
  /** Changed keys with their new versions. */
  changed?: [key: string, version: number][]
  /** The new generation of negative entries: those of earlier generations are invalid. */
  generation?: number
}

export interface InvalidationPublisher {
  /** Marks the keys in Redis and publishes them. Resolves when that is done or queued. Never rejects. */
  publish(cache: string, changes: readonly Change[]): Promise<void>
  /** Starts a new generation of negative entries in the same way. Returns it, or null when it is queued. */
  tellUnknown(cache: string): Promise<number | null>
  /** Sends the queue if Redis answers, then stops. */
  close(): Promise<void>
}

export interface InvalidationPublisherOptions {
  /** A client that has the scripts of the cache. */
  redis: RedisClient
  channel: string
  /** How long a mark keeps older versions out of Redis; longer than any lookup takes. */
  markMs: number
  /**
   * Maximum number of queued changes. When the queue is full the oldest is dropped: its entry in Redis has
   * expired by then, or expires with its freshness.
   */
  maxWaiting: number
  /** Pause between attempts to send the queue. */
  retryMs: number
  /** Called once when sending begins to fail, and again only after the queue was sent. */
  onProblem(error: unknown): void
}

interface Waiting {
  cache: string
  change: Change
}

/** Keys in one message and one write. */
const BATCH = 500

/** The Redis key of the generation of negative entries. */
export function generationKey(cache: string): string {
  return `cache-generation:${cache}`
}

/** Creates a publisher of invalidations. */
export function createInvalidationPublisher(options: InvalidationPublisherOptions): InvalidationPublisher {
  const { redis, channel, markMs, maxWaiting, retryMs, onProblem } = options
  const changesWaiting = new Map<string, Waiting>()
  const unknownWaiting = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  let isClosed = false
  let isTroubled = false

  function broadcast(message: Message): Promise<number> {
    return redis.publish(channel, JSON.stringify(message))
  }

  async function send(cache: string, changes: readonly Change[]): Promise<void> {
    // Commands of one event-loop tick go out in one write and in this order (autopipelining). A replica that
    // receives the message and reads Redis at once finds the mark.
    const marks = changes.map(({ key, version }) =>
      redis.fairleadMark(sharedKey(cache, key), version, markMs)
    )
    // In a cluster they go to several nodes, in any order.
    if (redis.isCluster) await Promise.all(marks)
    const published = broadcast({ cache, changed: changes.map(({ key, version }) => [key, version]) })
    await Promise.all([...marks, published])
  }

  async function sendUnknown(cache: string): Promise<number> {
    // Never decreases, even if Redis loses its data: the clock is ahead of the previous generation.
    const generation = await redis.fairleadGeneration(generationKey(cache), Date.now())
    await broadcast({ cache, generation })
    return generation
  }

  function put(cache: string, change: Change): void {
    const id = sharedKey(cache, change.key)
    if ((changesWaiting.get(id)?.change.version ?? 0) > change.version) return
    changesWaiting.delete(id)
    changesWaiting.set(id, { cache, change })
    if (changesWaiting.size <= maxWaiting) return
    const [oldest] = changesWaiting.keys()
    if (oldest !== undefined) changesWaiting.delete(oldest)
  }

  function count(): number {
    return changesWaiting.size + unknownWaiting.size
  }

  function schedule(): void {
    if (isClosed || count() === 0) return
    timer ??= setTimeout(async () => {
      await sendWaiting().catch(report)
      timer = undefined
      schedule()
    }, retryMs).unref()
  }

  async function sendWaiting(): Promise<void> {
    if (redis.status !== 'ready') return
    for (const cache of unknownWaiting) {
      await sendUnknown(cache)
      unknownWaiting.delete(cache)
    }
    while (changesWaiting.size > 0) {
      const batch = nextBatch()
      await send(
        batch.cache,
        batch.waiting.map(([, { change }]) => change)
      )
      // A newer change of the same key may have been queued in the meantime.
      for (const [id, sent] of batch.waiting) if (changesWaiting.get(id) === sent) changesWaiting.delete(id)
    }
    isTroubled = false
  }

  function nextBatch(): { cache: string; waiting: [string, Waiting][] } {
    const waiting: [string, Waiting][] = []
    let cache = ''
    for (const one of changesWaiting) {
      cache ||= one[1].cache
      if (one[1].cache === cache) waiting.push(one)
      if (waiting.length === BATCH) break
    }
    return { cache, waiting }
  }

  function report(error: unknown): void {
    if (!isTroubled) onProblem(error)
    isTroubled = true
  }

  return {
    async publish(cache, changes) {
      for (let start = 0; start < changes.length; start += BATCH) {
        const batch = changes.slice(start, start + BATCH)
        try {
          // Queues behind earlier changes, so that at most one request waits for a hanging Redis.
          if (redis.status === 'ready' && count() === 0) {
            await send(cache, batch)
            continue
          }
        } catch (error) {
          report(error)
        }
        for (const change of batch) put(cache, change)
      }
      schedule()
    },
    async tellUnknown(cache) {
      try {
        if (redis.status === 'ready' && count() === 0) return await sendUnknown(cache)
      } catch (error) {
        report(error)
      }
      unknownWaiting.add(cache)
      schedule()
      return null
    },
    async close() {
      isClosed = true
      clearTimeout(timer)
      await sendWaiting().catch(report)
    }
  }
}
