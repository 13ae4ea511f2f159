import { appendFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { type Breaker, createBreaker } from '#platform/breaker.ts'
import { isPassingError } from '#platform/database-errors.ts'
import { connectAgain, type RedisClient } from '#platform/redis-cluster.ts'
import type { Click, ClickDraft } from '#plugins/clicks/click.ts'
import { createVisitorNames, type SaltProvider } from '#plugins/clicks/visitors.ts'
import { type ClickWaiter, createBatcher } from './batcher.ts'
import { type Drainer, startDrainer } from './consumer.ts'
import { createRoute, type DeadLetter, type RouteCounts } from './delivery.ts'
import { createTurn } from './end-of-tick.ts'
import { openSpool, type Spool } from './local-log.ts'
import { takeSpoolFolder, visitAbandonedFolders } from './log-folder.ts'
import { type Backlog, createClickStream } from './redis-stream.ts'

/** `app.clicks`: takes clicks from redirects and sees to it that each is stored once. */
export interface Clicks {
  /**
   * Takes a click and tells `waiter`, who answers the visitor: acknowledged, when the next stage has the click or nothing could
   * take it; buffered, at the end of the event loop's turn.
   */
  add(draft: ClickDraft, waiter: ClickWaiter): void
  /** Says where clicks are stored: idempotently by id, in one transaction, rejecting with nothing stored. */
  drainTo(store: (clicks: Click[]) => Promise<void>): void
  /** Says what visitors' names are salted with; without a salt they have none. */
  saltWith(salt: SaltProvider): void
  /** What became of clicks so far, for metrics. */
  stats(): ClickStats
  /** What waits in the stream, for metrics; null without Redis. Rejects while that is away. */
  backlog(): Promise<Backlog | null>
  /** Resolves when all clicks taken so far are in the next stage. */
  flush(): Promise<void>
}

export interface ClickStats extends RouteCounts {
  added: number
  /** Clicks of this process that are in no stage yet. */
  pending: number
}

export interface ClickOptions {
  /** Whether a redirect waits until its click is in the next stage. */
  durability: 'acknowledged' | 'buffered'
  /** Whether this process keeps clicks on its disk when it must, and replays what it finds there. */
  spool: boolean
  /** Whether this process stores clicks from the stream. */
  drain: boolean
  dataDir: string
  /** Replicas of Redis that must have a batch before it counts as taken. */
  redisReplicas: number
  maxBatch: number
  /** How long a buffered click may wait for company, in milliseconds. */
  waitMs: number
  maxPending: number
  takeOverMs: number
  storeTimeoutMs: number
  /** Longest wait at close for the drainer, and for the replay, to finish what they have in hand; the rest stays where it is. */
  closeTimeoutMs: number
}

declare module 'fastify' {
  interface FastifyInstance {
    clicks: Clicks
  }
}

const REPLAY_EVERY_MS = 1_000
const LOOK_FOR_ABANDONED_EVERY = 30

/**
 * Publishes `app.clicks`. See docs/adr/2026-11-23-click-durability.md for the stages and what each failure does.
 * Register it after redis and database: it hands them what it still holds when it closes, which is before they do.
 */
async function clicks(app: FastifyInstance, options: ClickOptions) {
  const redis = app.hasDecorator('redis') ? app.redis : null
  const stream = redis && createClickStream(redis, options.redisReplicas)
  const root = join(options.dataDir, 'clicks')
  const counts: RouteCounts = {
    appended: 0,
    fellBack: 0,
    stored: 0,
    spooled: 0,
    replayed: 0,
    deadLettered: 0,
    lost: 0
  }
  let added = 0
  let store: ((clicks: Click[]) => Promise<void>) | null = null
  let salt: SaltProvider = () => null
  let drainer: Drainer | null = null

  const { spool, unlock } = options.spool ? await openOwnSpool() : { spool: null, unlock: null }
  const route = createRoute({
    stream,
    spool,
    counts,
    store: () => store,
    streamBreaker: breaker('Redis takes clicks'),
    storeBreaker: breaker('the database takes clicks'),
    storeTimeoutMs: options.storeTimeoutMs,
    isPassing: isPassingError,
    bury,
    onOutage: (stage, error) => app.log.debug({ err: error, stage }, 'a batch of clicks was not taken')
  })
  const isBuffered = options.durability === 'buffered'
  const tellTaken = createTurn()
  const batcher = createBatcher({
    send: (batch, since) => route.send(batch, since).catch(tellLoss),
    spill: (batch) => route.spill(batch).catch(tellLoss),
    nameVisitor: createVisitorNames(() => salt()),
    maxRows: options.maxBatch,
    maxPending: options.maxPending,
    waitMs: isBuffered ? options.waitMs : 0,
    maxInFlight: 2
  })

  function tellLoss(error: Error): never {
    app.log.error({ err: error }, 'clicks could not be recorded')
    throw error
  }

  function breaker(what: string): Breaker {
    return createBreaker({
      threshold: 2,
      minMs: 100,
      maxMs: 2_000,
      // Setting the clock back must not keep it open for as long.
      now: () => performance.now(),
      onChange: (isOpen) => app.log[isOpen ? 'warn' : 'info'](isOpen ? `not so: ${what}` : `again: ${what}`)
    })
  }

  async function openOwnSpool(): Promise<{ spool: Spool | null; unlock: (() => Promise<void>) | null }> {
    try {
      await mkdir(root, { recursive: true, mode: 0o700 })
      const { folder, unlock } = await takeSpoolFolder(root)
      return { spool: await openSpool({ folder, onDamage }), unlock }
    } catch (error) {
      app.log.warn(
        { err: error },
        `${root} is not writable: clicks have no last resort when Redis and PostgreSQL are away`
      )
      return { spool: null, unlock: null }
    }
  }

  async function bury(letter: DeadLetter, error: unknown): Promise<void> {
    const line = JSON.stringify({ ...letter, reason: (error as Error).message })
    await appendFile(join(root, 'dead-letters.ndjson'), `${line}\n`, { mode: 0o600, flush: true })
    const click = 'id' in letter ? letter.id : undefined
    app.log.error({ err: error, click }, 'a click can not be stored: it is with the dead letters')
  }

  function onDamage(file: string, detail: string): void {
    app.log.error({ file, detail }, 'a spool file is damaged: what stood before that place was replayed')
  }

  let ticks = 0
  let replaying: Promise<void> | null = null
  async function replay(): Promise<void> {
    if (spool !== null && !spool.isEmpty) await replaySpool(spool)
    if (ticks++ % LOOK_FOR_ABANDONED_EVERY > 0) return
    await visitAbandonedFolders(root, async (folder) => replaySpool(await openSpool({ folder, onDamage })))
  }

  async function replaySpool(spool: Spool): Promise<void> {
    const batches = await spool.replay((record) => route.resend(record))
    if (batches > 0) app.log.info({ batches }, 'clicks from the disk were taken')
  }

  const timer = setInterval(() => {
    // Not taken yet is what the next tick is for; the breakers tell of outages.
    replaying ??= replay()
      .catch((error: Error) => app.log.debug({ err: error }, 'clicks on the disk wait'))
      .finally(() => {
        replaying = null
      })
  }, REPLAY_EVERY_MS)
  timer.unref()
  if (spool === null) clearInterval(timer)

  app.decorate('clicks', {
    add(draft, waiter) {
      added++
      batcher.add(draft, isBuffered ? null : waiter)
      if (isBuffered) tellTaken(waiter)
    },
    drainTo(target) {
      store = target
    },
    saltWith(provider) {
      salt = provider
    },
    stats: () => ({ ...counts, added, pending: batcher.pending }),
    backlog: async () => (stream === null ? null : stream.backlog()),
    flush: () => batcher.flush()
  })

  app.addHook('onReady', async () => {
    if (stream === null || redis === null || !options.drain || store === null) return
    const storeClicks = store
    drainer = startDrainer({
      stream,
      connect: () => connectForReading(redis),
      store: storeClicks,
      isPassing: isPassingError,
      takeOverMs: options.takeOverMs,
      onStored(clicks) {
        counts.stored += clicks
      },
      onBuried(error) {
        counts.deadLettered++
        app.log.error({ err: error }, 'a click can not be stored: it is in the dead-letter stream')
      },
      onOutage: (error) => app.log.warn({ err: error }, 'clicks wait in the stream')
    })
  })

  app.addHook('onClose', async () => {
    clearInterval(timer)
    await batcher.flush()
    await drainer?.stop(options.closeTimeoutMs)
    // A large spool may take longer than the close may: what is not replayed stays on the disk.
    await Promise.race([replaying, wait(options.closeTimeoutMs, undefined, { ref: false })])
    await spool?.close()
    await unlock?.()
  })
}

/** A connection that may block. It waits for Redis to come back instead of failing at once: nobody waits for it. */
function connectForReading(redis: RedisClient): RedisClient {
  const connection = connectAgain(redis, {
    enableAutoPipelining: false,
    enableOfflineQueue: true,
    commandTimeout: 5_000,
    lazyConnect: false
  })
  // The main connection tells of outages.
  connection.on('error', () => undefined)
  return connection
}

export default fp(clicks, { name: 'clicks', dependencies: ['database'], fastify: '5.x' })
