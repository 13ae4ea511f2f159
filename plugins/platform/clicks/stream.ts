import type { Redis } from 'ioredis'

/** The Redis Stream between the replicas that answer and the drainers that store: one entry is one batch. */

/** An entry of the stream; `record` is null where it holds no batch at all. */
export interface Entry {
  id: string
  record: string | null
}

export interface ClickStream {
  /** Appends a batch; resolves when Redis has it (as durable as its appendfsync says). */
  append(record: string): Promise<void>
  /** Makes stream and group where they are missing; a new group begins with the oldest entry. */
  ensureGroup(): Promise<void>
  /** New entries for `consumer`, waiting up to `blockMs` for the first. Takes a connection of its own. */
  read(connection: Redis, consumer: string, count: number, blockMs: number): Promise<Entry[]>
  /** Entries that another consumer took `idleMs` ago and did not finish: it is dead, or its database was. */
  claim(consumer: string, idleMs: number, count: number): Promise<Entry[]>
  /** Forgets stored entries. Only what is acknowledged is ever deleted, so nothing unstored is trimmed. */
  finish(ids: string[]): Promise<void>
  /** Puts what can't be stored in the dead-letter stream, with the reason, where people look at it. */
  bury(record: string, reason: string): Promise<void>
  /** Takes a consumer that holds nothing out of the group. */
  leave(consumer: string): Promise<void>
  /** Entries not stored yet. */
  length(): Promise<number>
}

const GROUP = 'drain'
const FIELD = 'batch'

type RawEntry = [id: string, fields: string[] | null]

/** Makes the stream's operations over `redis`. All keys begin with `prefix`. */
export function createClickStream(redis: Redis, prefix: string): ClickStream {
  const key = `${prefix}clicks`
  const deadKey = `${prefix}clicks:dead`

  return {
    async append(record) {
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
      const answer = (await connection.xreadgroup(
        'GROUP',
        GROUP,
        consumer,
        'COUNT',
        count,
        'BLOCK',
        blockMs,
        'STREAMS',
        key,
        '>'
      )) as [string, RawEntry[]][] | null
      return (answer?.[0]?.[1] ?? []).map(toEntry)
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

    async bury(record, reason) {
      await redis.xadd(deadKey, '*', 'record', record, 'reason', reason)
    },

    async leave(consumer) {
      const consumers = (await redis.xinfo('CONSUMERS', key, GROUP)) as unknown[][]
      const own = consumers.find((fields) => fields[1] === consumer)
      // Taking it out would drop the claim on what it still holds: another drainer takes that over.
      if (own?.[3] === 0) await redis.xgroup('DELCONSUMER', key, GROUP, consumer)
    },

    length: () => redis.xlen(key)
  }
}

function toEntry([id, fields]: RawEntry): Entry {
  const place = fields?.indexOf(FIELD) ?? -1
  return { id, record: place === -1 ? null : (fields?.[place + 1] ?? null) }
}

/** Runs a MULTI and throws the first error in its replies, which ioredis hands over as values. */
async function transact(multi: ReturnType<Redis['multi']>): Promise<void> {
  for (const [error] of (await multi.exec()) ?? []) if (error) throw error
}
