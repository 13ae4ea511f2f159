import t from 'tap'
import type { Executor } from './index.ts'
import { prepareQuery } from './prepared.ts'

t.test('queries are built once, but not kept for every combination of filters', async (t) => {
  const built: string[] = []
  const query = prepareQuery<string>('find', (_on, shape) => {
    built.push(shape)
    return { prepare: () => ({ execute: async ({ value }) => `${shape} ${value}` }) }
  })
  const on = {} as Executor
  t.equal(await query(on, { value: 1 }, 'first'), 'first 1')
  t.equal(await query(on, { value: 2 }, 'first'), 'first 2')
  t.same(built, ['first'])
  for (let at = 0; at < 1_000; at++) await query(on, {}, String(at))
  built.length = 0
  t.equal(await query(on, { value: 3 }, 'first'), 'first 3')
  await query(on, {}, '999')
  t.same(built, ['first'], 'the oldest is forgotten, the newest is kept')
})
