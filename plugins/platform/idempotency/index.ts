import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'
import fp from 'fastify-plugin'
import type { Caller } from '#platform/access/caller.ts'
import { repeat } from '#platform/async/repeat.ts'
import { answerErased, keyInUse, keyReused, keyUnsupported } from './errors.ts'
import {
  type AnswersOf,
  deleteOver,
  ERASED_STATUS,
  eraseAnswers,
  findAnswer,
  keepAnswer,
  tryToHold
} from './store.ts'

/** `app.idempotency`: requests that may be repeated and are done once. */
export interface Idempotency {
  /**
   * Answers a POST with the result of `create`. With an `Idempotency-Key`, `create` runs in a transaction
   * that also keeps the answer: a repeated request gets that answer and nothing is done.
   * Only success is kept. Takes the status of success. Throws IDEMPOTENCY_KEY_IN_USE while the first request is under
   * way, IDEMPOTENCY_KEY_REUSED when the request is another one, and what `create` throws.
   */
  once<A>(request: FastifyRequest, reply: FastifyReply, status: number, create: () => Promise<A>): Promise<A>
  /**
   * Takes the answers about a user, or about links, out of what is kept, in the transaction that erases them. Who repeats such
   * a request is told so (410 IDEMPOTENCY_ANSWER_ERASED), and nothing is done.
   */
  erase(about: AnswersOf): Promise<void>
  /** Deletes the answers that are over; gives how many. */
  prune(): Promise<number>
}

declare module 'fastify' {
  interface FastifyInstance {
    idempotency: Idempotency
  }
  interface FastifyContextConfig {
    /**
     * What makes a POST safe to repeat: its answer is `kept` by `app.idempotency.once`, or doing it twice does nothing more
     * by its `nature`. A route that does not say refuses requests with a key, which proxies would repeat.
     */
    idempotency?: 'kept' | 'nature'
  }
}

const PRUNE_EVERY_MS = 600_000
const PRUNE_AT_ONCE = 5_000

/**
 * Publishes `app.idempotency`: see docs/adr/2026-11-25-idempotency-keys.md, and draft-ietf-httpapi-idempotency-key-header-07.
 * Register it before the routes.
 */
async function idempotency(app: FastifyInstance) {
  const { database } = app
  const { db } = database

  async function prune(): Promise<number> {
    for (let count = 0; ; ) {
      const deleted = await deleteOver(db, PRUNE_AT_ONCE)
      count += deleted
      if (deleted < PRUNE_AT_ONCE) return count
    }
  }

  const service: Idempotency = {
    async once<A>(request: FastifyRequest, reply: FastifyReply, status: number, create: () => Promise<A>) {
      const key = request.headers['idempotency-key']
      reply.code(status)
      if (typeof key !== 'string') return create()
      const owner = { scope: scopeOf(request.caller), key }
      const fingerprint = fingerprintOf(request)
      const { kept, made } = await database.transaction(async () => {
        if (!(await tryToHold(db, owner))) throw keyInUse()
        const kept = await findAnswer(db, owner)
        if (kept !== null) return { kept, made: null }
        const made = await create()
        // The text that is sent, so that both answers are the same to the byte.
        const answer = String(reply.serializeInput(made as Record<string, unknown>, String(status)))
        await keepAnswer(db, owner, { fingerprint, status, answer })
        return { kept, made }
      })
      if (kept === null) return made
      if (kept.status === ERASED_STATUS) throw answerErased()
      if (kept.fingerprint !== fingerprint) throw keyReused()
      reply.code(kept.status).header('idempotent-replayed', 'true')
      // As it was kept: another release may have given it, with other fields than the route's schema has now.
      reply.type('application/json; charset=utf-8').serializer(JSON.stringify)
      return JSON.parse(kept.answer) as A
    },
    erase: (about) => eraseAnswers(db, about),
    prune
  }
  app.decorate('idempotency', service)

  repeat(app, PRUNE_EVERY_MS, () =>
    app.maintenance.run(prune).then(
      () => undefined,
      // What waits for the database now is pruned the next time.
      (error: Error) => app.log.warn({ err: error }, 'pruning expired idempotency keys failed')
    )
  )
}

/** Hook `onRequest`: refuses an `Idempotency-Key` where a repeated POST would be done twice. */
export const refuseIdempotencyKey: onRequestHookHandler = (request, _reply, done) => {
  const isKeyed = request.method === 'POST' && request.headers['idempotency-key'] !== undefined
  done(isKeyed && request.routeOptions.config.idempotency === undefined ? keyUnsupported() : undefined)
}

/** Keys are a caller's own: nobody gets another one's answer by guessing. On an open server all are one caller. */
function scopeOf({ kind, keyId, userId }: Caller): string {
  return keyId !== null ? `key:${keyId}` : userId !== null ? `user:${userId}` : kind
}

/** The route and the body as it was understood. */
function fingerprintOf({ routeOptions, body }: FastifyRequest): string {
  return createHash('sha256')
    .update(`${routeOptions.url}\n${JSON.stringify(body)}`)
    .digest('base64url')
}

export default fp(idempotency, {
  name: 'idempotency',
  dependencies: ['access', 'errors', 'requests', 'database', 'maintenance'],
  fastify: '5.x'
})
