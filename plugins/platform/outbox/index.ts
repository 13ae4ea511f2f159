import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { repeat } from '#platform/async/repeat.ts'
import { type Consumer, createDispatcher, type Dispatcher } from './dispatcher.ts'
import { deleteOldMessages, insertMessage, type Message, readTopics } from './store.ts'

/** `app.outbox`: runs work after a change, at least once, even if the process dies after the commit. */
export interface Outbox {
  /**
   * Adds a message in the transaction of its change and dispatches it after the commit. Does nothing if the
   * topic has no consumer or too many pending messages. Lock the aggregate first, so that its messages are
   * handled in the order of its changes.
   */
  add(message: Message): Promise<void>
  /** True if the topic has a consumer. */
  consumes(topic: string): boolean
  /** Handles the messages of `topic`. Each topic has one consumer. */
  consume<T>(topic: string, handle: Handler<T>, limits?: Partial<Omit<Consumer, 'handle'>>): void
  /** Looks for due messages of `topic` now. The sweeper does so every few seconds. */
  dispatch(topic: string): void
}

type Handler<T> = (payload: T, signal: AbortSignal) => Promise<void>

declare module 'fastify' {
  interface FastifyInstance {
    outbox: Outbox
  }
}

export interface OutboxOptions {
  /** True if this process handles messages. Servers do; workers and commands only add them. */
  dispatches: boolean
}

const SWEEP_EVERY_MS = 5_000
const MAINTAIN_EVERY_MS = 60_000
const KEEP_DAYS = 30
const LIMITS = { concurrency: 2, maxAttempts: 10, retryMs: 1_000, maxPending: 10_000 }

/** Registers `app.outbox`: see docs/adr/2026-11-30-outbox.md. */
async function outbox(app: FastifyInstance, { dispatches }: OutboxOptions) {
  const { database } = app
  const { client } = app.metrics
  const registers = [client.register]
  const outcomes = new client.Counter({
    name: 'fairlead_outbox_total',
    help: 'Outbox messages by outcome of an attempt; dropped ones were never added',
    labelNames: ['topic', 'outcome'],
    registers
  })
  const messages = new client.Gauge({
    name: 'fairlead_outbox_messages',
    help: 'Outbox messages in the database by state: the same at all replicas',
    labelNames: ['topic', 'state'],
    registers
  })
  const oldest = new client.Gauge({
    name: 'fairlead_outbox_oldest_seconds',
    help: 'Age of the oldest pending outbox message: the same at all replicas',
    labelNames: ['topic'],
    registers
  })
  const consumers = new Map<string, { maxPending: number; dispatcher: Dispatcher }>()
  const dispatch = (topic: string) => dispatches && consumers.get(topic)?.dispatcher.dispatch()

  app.decorate('outbox', {
    async add(message) {
      const { topic } = message
      const consumer = consumers.get(topic)
      if (consumer === undefined) return
      if (await insertMessage(database.db, message, consumer.maxPending))
        await database.afterCommit(() => dispatch(topic))
      else outcomes.inc({ topic, outcome: 'dropped' })
    },
    consumes: (topic) => consumers.has(topic),
    consume(topic, handle, limits) {
      const consumer = { ...LIMITS, ...limits, handle: handle as Handler<unknown> }
      const onOutcome = (outcome: string) => outcomes.inc({ topic, outcome })
      const dispatcher = createDispatcher(database, topic, consumer, { log: app.log, onOutcome })
      consumers.set(topic, { maxPending: consumer.maxPending, dispatcher })
    },
    dispatch
  })
  if (!dispatches) return

  async function maintain(): Promise<void> {
    try {
      await app.maintenance.run(() => deleteOldMessages(database.db, KEEP_DAYS))
      const states = await readTopics(database.db)
      messages.reset()
      oldest.reset()
      for (const { topic, pending, dead, oldestSeconds } of states) {
        messages.set({ topic, state: 'pending' }, pending)
        messages.set({ topic, state: 'dead' }, dead)
        oldest.set({ topic }, oldestSeconds)
      }
    } catch (error) {
      app.log.warn({ err: error }, 'maintenance of the outbox failed')
    }
  }
  async function sweep(): Promise<void> {
    for (const topic of consumers.keys()) dispatch(topic)
  }

  app.addHook('onReady', async () => void sweep())
  repeat(app, SWEEP_EVERY_MS, sweep)
  app.addHook('onReady', repeat(app, MAINTAIN_EVERY_MS, maintain))
  app.addHook('preClose', async () => {
    await Promise.all([...consumers.values()].map(({ dispatcher }) => dispatcher.close()))
  })
}

export default fp(outbox, {
  name: 'outbox',
  dependencies: ['metrics', 'database', 'maintenance'],
  fastify: '5.x'
})
