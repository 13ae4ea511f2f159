import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { credentialsInvalid } from '#platform/access/errors.ts'
import { createLastUsed } from './last-used.ts'
import { presentKey } from './present.ts'
import { createKeyService, KEYS, type KeyService } from './service.ts'
import { createVerifier, type HeldKey, type KeyVerifier } from './verifier.ts'

declare module 'fastify' {
  interface FastifyInstance {
    keys: KeyService &
      Pick<KeyVerifier, 'open' | 'callerOf'> & {
        present: typeof presentKey
        /** True if there is a key that is neither revoked nor expired. */
        isAnyGood(): Promise<boolean>
      }
  }
}

export interface KeyOptions {
  /** The first administrator's key, which is stored at start if it is missing. */
  adminKey: string | undefined
}

const USES_EVERY_MS = 60_000

/**
 * API keys: publishes `app.keys` and authenticates requests by their key (`Authorization: Bearer`, or
 * `X-Api-Key`). The cache `keys` holds them; each change invalidates it on all replicas. See
 * docs/adr/2026-11-25-api-keys.md.
 */
async function keys(app: FastifyInstance, { adminKey }: KeyOptions) {
  const { record: audit, findOwned, erase } = app.audit
  const collaborators = { lockUserForShare: app.users.lockForShare, audit, findOwned, erase }
  const inner = createKeyService(app.database, app.cache, collaborators, Date.now)
  const { service, read, storeLastUsed, ensureAdminKey, isAnyGood, onUserDeleted } = inner
  const lastUsed = createLastUsed(storeLastUsed, (error) =>
    app.log.warn({ err: error }, 'writing last uses of keys failed')
  )
  const { verify, open, callerOf } = createVerifier({
    cache: app.cache.open<HeldKey>({ name: KEYS, load: read, versionOf: ({ version }) => version }),
    read,
    onUse: lastUsed.note,
    now: Date.now
  })
  app.decorate('keys', { ...service, open, callerOf, isAnyGood, present: presentKey })
  app.users.onDelete(onUserDeleted)
  app.access.authenticateBy((request) => {
    const text = keyOf(request)
    return text === null ? null : verify(text)
  })

  const timer = setInterval(lastUsed.flush, USES_EVERY_MS)
  timer.unref()
  app.addHook('onReady', async () => {
    if (adminKey !== undefined && !(await ensureAdminKey(adminKey)))
      app.log.warn('ADMIN_KEY is revoked or rotated and has no effect')
  })
  app.addHook('onClose', async () => {
    clearInterval(timer)
    await lastUsed.flush()
  })
}

/** The key of a request, or null. A bearer token that is no key is returned too, so that it is rejected. */
function keyOf({ headers }: FastifyRequest): string | null {
  const [scheme = '', token = ''] = headers.authorization?.split(' ', 2) ?? []
  if (scheme.toLowerCase() === 'bearer') return token
  const key = headers['x-api-key']
  if (key === undefined) return null
  if (typeof key !== 'string') throw credentialsInvalid()
  return key
}

export default fp(keys, {
  name: 'keys',
  dependencies: ['access', 'database', 'cache', 'audit', 'users'],
  fastify: '5.x'
})
