import { setTimeout as wait } from 'node:timers/promises'
import type { RedisClient } from '#platform/redis/redis-cluster.ts'

/** The Redis Stream between the replicas that answer and the consumers that store: one entry is one batch. */

/** An entry of the stream; `record` is null where it holds no batch at all. */
export interface Entry {
  id: string
  record: string | null
}

/** What waits in the stream. */
export interface Backlog {
  entries: number
  /** When Redis took the oldest entry, by its clock, in milliseconds since the epoch; null without one. */
  oldestAt: number | null
}

export interface RedisStream {
  /** Appends a batch; resolves when Redis has it (as durable as its appendfsync says). */
  append(record: string): Promise<void>
  /** Makes stream and group where they are missing; a new group begins with the oldest entry. */
  ensureGroup(): Promise<void>
  /** New entries for `consumer`, waiting up to `blockMs` for the first. Takes a connection of its own. */
  read(connection: RedisClient, consumer: string, count: number, blockMs: number): Promise<Entry[]>
  /** Entries that `consumer` has read before and did not finish. */
  reread(consumer: string, count: number): Promise<Entry[]>
  /** Entries that a consumer took `idleMs` ago and did not finish: it died, or its database was away. */
  claim(consumer: string, idleMs: number, count: number): Promise<Entry[]>
  /** Forgets stored entries. Only what is acknowledged is ever deleted, so nothing unstored is trimmed. */
  finish(ids: string[]): Promise<void>
  /** Puts what can't be stored in the dead-letter stream, with the reason, for people to look at. */
  deadLetter(record: string, reason: string): Promise<void>
  /** Takes a consumer that holds nothing out of the group. */
  leave(consumer: string): Promise<void>
  /** What is not stored yet. */
  backlog(): Promise<Backlog>
  /**
   * Resolves true once everything that is in the stream now is stored; false after `deadline` (by
   * `performance.now()`) or when Redis does not answer. Calls `onWaiting` when it has to wait.
   */
  settle(deadline: number, onWaiting: () => void): Promise<boolean>
}

const GROUP = 'drain'
const FIELD = 'batch'

/** An id without its entry, which may be large. */
const LAST_WAITING = `local entries = redis.call('XREVRANGE', KEYS[1], ARGV[1], '-', 'COUNT', 1)
return entries[1] and entries[1][1]`

type RawEntry = [id: string, fields: string[] | null]

/** How often a reader looks whether what it waits for is stored. */
const POLL_MS = 10

/** How long the replicas may take; less than a command may. */
const REPLICAS_WAIT_MS = 500

/**
 * Makes the operations of the stream `key` over `redis`, which puts REDIS_PREFIX before the keys. With
 * `replicas` a batch is only taken when so many of them have it too, so that it survives a failover.
 */
export function createRedisStream(redis: RedisClient, key: string, replicas = 0): RedisStream {
  const deadKey = `${key}:dead`

  async function appendReplicated(record: string): Promise<void> {
    // WAIT holds up what follows on its connection, and counts what that connection has written.
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

  /** Id of the newest entry up to `upTo` (`+`: of all); null when everything up to there is stored. */
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
      // Redis 6.2 lists what was deleted in between as null.
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
      // Taking it out would drop the claim on what it still holds: another consumer takes that over.
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

/** Runs a MULTI and throws the first error in its replies, which ioredis hands over as values. */
async function transact(multi: ReturnType<RedisClient['multi']>): Promise<void> {
  for (const [error] of (await multi.exec()) ?? []) if (error) throw error
}
