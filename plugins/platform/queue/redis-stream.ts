import { setTimeout as wait } from 'node:timers/promises'
import type { RedisClient } from '#platform/redis/redis-cluster.ts'

/**
 * The Redis Stream between replicas that append clicks and consumers that store them. One entry is one batch.
 */

/** An entry of the stream. `record` is null if the entry is not a batch. */
export interface Entry {
  id: string
  record: string | null
}

/** Backlog of the stream. */
export interface Backlog {
  entries: number
  /**
   * When Redis added the oldest entry, by its clock, in milliseconds since the epoch; null without entries.
   */
  oldestAt: number | null
}

export interface RedisStream {
  /** Appends a batch. Resolves when Redis has it, as durably as its appendfsync setting provides. */
  append(record: string): Promise<void>
  /** Creates a missing stream and group. A new group begins with the oldest entry. */
  ensureGroup(): Promise<void>
  /** Reads new entries for `consumer`, and waits up to `blockMs` for the first. Needs its own connection. */
  read(connection: RedisClient, consumer: string, count: number, blockMs: number): Promise<Entry[]>
  /** Reads entries that `consumer` has read before and not finished. */
  reread(consumer: string, count: number): Promise<Entry[]>
  /**
   * Claims entries that a consumer has not finished in `idleMs`: it died, or its database was unavailable.
   */
  claim(consumer: string, idleMs: number, count: number): Promise<Entry[]>
  /** Deletes stored entries. Only acknowledged entries are deleted, so the stream never loses items. */
  finish(ids: string[]): Promise<void>
  /** Adds a record that cannot be stored to the dead-letter stream, with the reason. */
  deadLetter(record: string, reason: string): Promise<void>
  /** Removes a consumer that holds no entries from the group. */
  leave(consumer: string): Promise<void>
  /** The entries that are not stored yet. */
  backlog(): Promise<Backlog>
  /**
   * Resolves true once every entry now in the stream is stored. Resolves false after `deadline` (by
   * `performance.now()`) or when Redis does not answer. Calls `onWaiting` when it has to wait.
   */
  settle(deadline: number, onWaiting: () => void): Promise<boolean>
}

const GROUP = 'drain'
const FIELD = 'batch'

/** Returns only the id of an entry, because the entry may be large. */
const LAST_WAITING = `local entries = redis.call('XREVRANGE', KEYS[1], ARGV[1], '-', 'COUNT', 1)
return entries[1] and entries[1][1]`

type RawEntry = [id: string, fields: string[] | null]

/** Polling interval of `settle`. */
const POLL_MS = 10

/** Timeout for the replicas, shorter than that of a command. */
const REPLICAS_WAIT_MS = 500

/**
 * Makes the operations of the stream `key` over `redis`, which adds the prefix REDIS_PREFIX to keys. With
 * `replicas`, a batch counts as taken only when that many replicas have it, so that it survives a failover.
 */
export function createRedisStream(redis: RedisClient, key: string, replicas = 0): RedisStream {
  const deadKey = `${key}:dead`

  async function appendReplicated(record: string): Promise<void> {
    // WAIT blocks later commands on its connection, and covers only the writes of that connection.
    const answers = await redis
      .pipeline()
      .xadd(key, '*', FIELD, record)
      .wait(replicas, REPLICAS_WAIT_MS)
      .exec()
    for (const [error] of answers ?? []) if (error) throw error
    const reached = Number(answers?.at(-1)?.[1] ?? 0)
    if (reached < replicas)
      throw new Error(`${reached} replicas of Redis took the batch instead of ${replicas}`)
  }

  /** Id of the newest entry up to `upTo` (`+`: of all); null if everything up to there is stored. */
  async function lastWaiting(upTo: string): Promise<string | null> {
    return (await redis.eval(LAST_WAITING, 1, key, upTo)) as string | null
  }

  return {
    append:
      replicas > 0
        ? appendReplicated
        : async (record) => {
            await redis.xadd(key, '*', FIELD, record)
          },

    async ensureGroup() {
      try {
        await redis.xgroup('CREATE', key, GROUP, '0', 'MKSTREAM')
      } catch (error) {
        if (!(error as Error).message.startsWith('BUSYGROUP')) throw error
      }
    },

    async read(connection, consumer, count, blockMs) {
      const group = ['GROUP', GROUP, consumer] as const
      const answer = await connection.xreadgroup(
        ...group,
        'COUNT',
        count,
        'BLOCK',
        blockMs,
        'STREAMS',
        key,
        '>'
      )
      return toEntries(answer)
    },

    async reread(consumer, count) {
      return toEntries(await redis.xreadgroup('GROUP', GROUP, consumer, 'COUNT', count, 'STREAMS', key, '0'))
    },

    async claim(consumer, idleMs, count) {
      const [, entries] = (await redis.xautoclaim(key, GROUP, consumer, idleMs, '0', 'COUNT', count)) as [
        string,
        (RawEntry | null)[]
      ]
      // Redis 6.2 returns entries deleted in the meantime as null.
      return entries.filter((entry) => entry !== null).map(toEntry)
    },

    async finish(ids) {
      if (ids.length > 0)
        await transact(
          redis
            .multi()
            .xack(key, GROUP, ...ids)
            .xdel(key, ...ids)
        )
    },

    async deadLetter(record, reason) {
      await redis.xadd(deadKey, '*', 'record', record, 'reason', reason)
    },

    async leave(consumer) {
      const consumers = (await redis.xinfo('CONSUMERS', key, GROUP)) as unknown[][]
      const own = consumers.find((fields) => fields[1] === consumer)
      // Removing a consumer that still holds entries would lose them. Another consumer claims those instead.
      if (own?.[3] === 0) await redis.xgroup('DELCONSUMER', key, GROUP, consumer)
    },

    async backlog() {
      const [entries, [first]] = await Promise.all([redis.xlen(key), redis.xrange(key, '-', '+', 'COUNT', 1)])
      return { entries, oldestAt: first === undefined ? null : Number(first[0].split('-')[0]) }
    },

    async settle(deadline, onWaiting) {
      try {
        let last = await lastWaiting('+')
        if (last !== null) onWaiting()
        for (; last !== null; last = await lastWaiting(last)) {
          if (performance.now() >= deadline) return false
          await wait(POLL_MS)
        }
        return true
      } catch {
        return false
      }
    }
  }
}

function toEntries(answer: unknown): Entry[] {
  const [stream] = (answer ?? []) as [string, RawEntry[]][]
  return (stream?.[1] ?? []).map(toEntry)
}

function toEntry([id, fields]: RawEntry): Entry {
  const place = fields?.indexOf(FIELD) ?? -1
  return { id, record: place === -1 ? null : (fields?.[place + 1] ?? null) }
}

/** Runs a MULTI and throws the first error in its replies, which ioredis returns as values. */
async function transact(multi: ReturnType<RedisClient['multi']>): Promise<void> {
  for (const [error] of (await multi.exec()) ?? []) if (error) throw error
}
