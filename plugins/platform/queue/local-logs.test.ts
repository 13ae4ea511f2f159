import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyBaseLogger } from 'fastify'
import t from 'tap'
import { numberCodec } from '#testing/number-codec.ts'
import { openLocalLog } from './local-log.ts'
import { openLocalLogs } from './local-logs.ts'

t.test('an unreadable folder is logged once and hides no other', async (t) => {
  const root = join(t.testdir(), 'numbers')
  await mkdir(root)
  // A symlink loop fails even for root.
  await symlink('1', join(root, '1'))
  const options = { maxBytes: 2 ** 20, onDamage: (_file: string, detail: string) => t.fail(detail) }
  const abandoned = await openLocalLog({ ...options, folder: join(root, '2') })
  await abandoned.append('[1,2]')
  await abandoned.close()
  const warnings: unknown[] = []
  const logger = { info() {}, debug() {}, warn: (fields: object) => warnings.push(fields) }
  const stored: number[] = []
  const logs = await openLocalLogs<number>(
    {
      root,
      maxBytes: 2 ** 20,
      logger: logger as unknown as FastifyBaseLogger,
      decode: numberCodec.decode,
      store: async (numbers) => void stored.push(...numbers),
      isTransient: () => false,
      onStored() {},
      onOutage() {},
      onDeadLettered() {}
    },
    true
  )
  t.teardown(() => logs.close(0))
  await logs.visitAbandoned()
  t.same(stored, [1, 2])
  await logs.visitAbandoned()
  t.match(warnings, [{ folder: join(root, '1'), err: { code: 'ELOOP' } }])
  t.equal(warnings.length, 1)
  t.equal(await logs.settle(1_000, true), false, 'what is in it is not stored')
})
