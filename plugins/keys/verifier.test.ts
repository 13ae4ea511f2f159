import t from 'tap'
import { createLastUsed } from './last-used.ts'
import { createKeyParts, formatKey, hashSecret } from './secret.ts'
import { createVerifier, type HeldKey, MAX_AGE_MS } from './verifier.ts'

/** How old cache entries of keys may be, and when their use is stored. */

const parts = createKeyParts()
const key = formatKey(parts)

function context(held: Partial<HeldKey> = {}) {
  const base: HeldKey = {
    publicId: parts.publicId,
    hash: hashSecret(parts.secret).toString('base64'),
    name: 'a key',
    role: 'read-only',
    scopes: null,
    userId: null,
    expiresAt: null,
    isRevoked: false,
    version: 1,
    readAt: 0
  }
  const state = {
    now: 0,
    held: { ...base, ...held } as HeldKey | null,
    stored: base as HeldKey | null,
    uses: 0
  }
  const { verify, callerOf, open } = createVerifier({
    cache: { held: () => undefined, heldValues: () => [].values(), get: () => state.held },
    read: async () => state.stored && { ...state.stored, readAt: state.now },
    onUse: () => {
      state.uses++
    },
    now: () => state.now
  })
  return { state, verify, callerOf, open, base }
}

t.test('a cached key is verified synchronously', async (t) => {
  const { state, verify } = context()
  t.match(verify(key), { kind: 'key', keyId: parts.publicId, role: 'read-only' })
  t.equal(state.uses, 1)
})

t.test('a cache entry that is too old is read again', async (t) => {
  const { state, verify, base } = context()
  state.now = MAX_AGE_MS - 1
  t.notOk(verify(key) instanceof Promise)
  state.now = MAX_AGE_MS
  state.stored = { ...base, isRevoked: true, version: 2 }
  await t.rejects(async () => verify(key), { code: 'CREDENTIALS_INVALID' })
  state.stored = null
  await t.rejects(async () => verify(key), { code: 'CREDENTIALS_INVALID' })
  state.stored = base
  t.match(await verify(key), { kind: 'key' })
  state.now = -MAX_AGE_MS
  t.ok(verify(key) instanceof Promise, 'its age is unknown after the clock was set back')
})

t.test('an expired, a revoked and an unknown key are rejected, and their use is not stored', async (t) => {
  for (const held of [{ expiresAt: 1 }, { isRevoked: true }, { hash: hashSecret('x').toString('base64') }]) {
    const { state, verify } = context(held)
    state.now = 1
    t.throws(() => verify(key), { code: 'CREDENTIALS_INVALID' })
    t.equal(state.uses, 0)
  }
  const { state, verify } = context({ expiresAt: 2 })
  state.now = 1
  t.match(verify(key), { kind: 'key' }, 'not yet')
  state.held = null
  t.throws(() => verify(key), { code: 'CREDENTIALS_INVALID' })
})

t.test('a key that was verified before is valid until it changes', async (t) => {
  const { state, open, callerOf, base } = context()
  const { version, caller } = await open(key)
  t.match(caller, { kind: 'key', keyId: parts.publicId })
  t.equal(callerOf(parts.publicId, version), caller)
  for (const change of [{ version: 2 }, { isRevoked: true }, { expiresAt: 0 }]) {
    state.held = { ...base, ...change }
    t.throws(() => callerOf(parts.publicId, version), { code: 'CREDENTIALS_INVALID' })
  }
  state.held = base
  state.stored = { ...base, version: 2 }
  t.match(await callerOf(parts.publicId, 2), { kind: 'key' }, 'an older cache entry is read again')
  await t.rejects(open(formatKey(createKeyParts(parts.publicId))), { code: 'CREDENTIALS_INVALID' })
})

t.test('last uses are written together, and kept while writes fail', async (t) => {
  const written: unknown[] = []
  const errors: unknown[] = []
  let isAway = true
  const uses = createLastUsed(
    async (noted) => {
      if (isAway) throw new Error('away')
      written.push(noted)
    },
    (error) => errors.push(error)
  )
  await uses.flush()
  uses.note('a', 1)
  uses.note('b', 2)
  uses.note('a', 3)
  await uses.flush()
  t.equal(errors.length, 1, 'nothing noted is nothing written')
  isAway = false
  uses.note('b', 4)
  await uses.flush()
  await uses.flush()
  t.same(written, [
    [
      ['a', 3],
      ['b', 4]
    ]
  ])
})
