import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'
import fp from 'fastify-plugin'
import type { Caller } from '#platform/access/caller.ts'
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

/** `app.idempotency`: runs repeated requests once. */
export interface Idempotency {
  /**
   * Answers a POST with the result of `create` and with `status`, unless `create` sets another. With an
   * `Idempotency-Key`, `create` runs in a transaction that also stores the answer. A repeated request gets
   * that answer and does nothing else. Only success is stored. Throws IDEMPOTENCY_KEY_IN_USE while the first
   * request is running, IDEMPOTENCY_KEY_REUSED when the request differs from the first one, and the errors of
   * `create`.
   */
  once<A>(request: FastifyRequest, reply: FastifyReply, status: number, create: () => Promise<A>): Promise<A>
  /**
   * Erases the stored answers about a user, or about links, in the transaction that erases these. Repeats of
   * such a request get 410 IDEMPOTENCY_ANSWER_ERASED and do nothing.
   */
  erase(about: AnswersOf): Promise<void>
  /** Deletes expired answers; returns how many. */
  prune(): Promise<number>
}

declare module 'fastify' {
  interface FastifyInstance {
    idempotency: Idempotency
  }
  interface FastifyContextConfig {
    /**
     * Why a POST is safe to repeat: `app.idempotency.once` stores its answer (`kept`), or a second run has no
     * further effect (`nature`). Routes without it refuse requests with a key, because proxies would repeat
     * them.
     */
    idempotency?: 'kept' | 'nature'
  }
}

const PRUNE_EVERY_MS = 600_000
const PRUNE_AT_ONCE = 5_000

/**
 * Publishes `app.idempotency`. Register it before the routes. See docs/adr/2026-11-25-idempotency-keys.md and
 * draft-ietf-httpapi-idempotency-key-header-07.
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
        const { statusCode } = reply
        // The serialized text, so that both responses are the same to the byte.
        const answer = String(reply.serializeInput(made as Record<string, unknown>, String(statusCode)))
        await keepAnswer(db, owner, { fingerprint, status: statusCode, answer })
        return { kept, made }
      })
      if (kept === null) return made
      if (kept.status === ERASED_STATUS) throw answerErased()
      if (kept.fingerprint !== fingerprint) throw keyReused()
      reply.code(kept.status).header('idempotent-replayed', 'true')
      // Sent as stored: another release may have stored it, with fields that the schema does not have.
      reply.type('application/json; charset=utf-8').serializer(JSON.stringify)
      return JSON.parse(kept.answer) as A
    },
    erase: (about) => eraseAnswers(db, about),
    prune
  }
  app.decorate('idempotency', service)

  app.maintenance.repeat(PRUNE_EVERY_MS, prune, 'pruning expired idempotency keys failed')
}

/** Hook `onRequest`: refuses an `Idempotency-Key` where a repeated POST would take effect twice. */
export const refuseIdempotencyKey: onRequestHookHandler = (request, _reply, done) => {
  const isKeyed = request.method === 'POST' && request.headers['idempotency-key'] !== undefined
  done(isKeyed && request.routeOptions.config.idempotency === undefined ? keyUnsupported() : undefined)
}

/** Keys belong to a caller, so guessing one reveals no answer of another. An open server has one caller. */
function scopeOf({ kind, keyId, userId }: Caller): string {
  return keyId !== null ? `key:${keyId}` : userId !== null ? `user:${userId}` : kind
}

/** A hash of the route and the parsed body. It is fast, so a password in it could be guessed. */
function fingerprintOf({ routeOptions, body }: FastifyRequest): string {
  const text = JSON.stringify(body, (name, value) => (name === 'password' ? typeof value : value))
  return createHash('sha256').update(`${routeOptions.url}\n${text}`).digest('base64url')
}

export default fp(idempotency, {
  name: 'idempotency',
  dependencies: ['access', 'errors', 'requests', 'database', 'maintenance'],
  fastify: '5.x'
})
