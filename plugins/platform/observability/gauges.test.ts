import t from 'tap'
import { startApp } from '#testing/app.ts'
import { findMemoryLimit } from './gauges.ts'

t.test('the memory limit is exported where the process has one', async (t) => {
  const machine = 24 * 1024 ** 3
  t.equal(findMemoryLimit(384 * 1024 ** 2, machine), 384 * 1024 ** 2)
  for (const none of [0, 2 ** 64, machine]) t.equal(findMemoryLimit(none, machine), null, `${none}`)
  const { request } = await startApp(t)
  const [, shown] = /^fairlead_memory_limit_bytes (\d+)$/m.exec((await request('GET', '/metrics')).text) ?? []
  t.equal(shown, findMemoryLimit()?.toString())
})
