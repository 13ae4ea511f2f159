import t from 'tap'
import { startApp } from '#testing/app.ts'

t.test('a JSON array that nests too deep is rejected', async (t) => {
  const { request } = await startApp(t)
  for (const depth of [30, 100, 10_000, 500_000]) {
    const details = `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
    const body = `[{"id":1,"url_id":1,"event_type":"x","timestamp":"2025-01-01 00:00:00","details":${details}}]`
    const answer = await request('POST', '/events/bulk', {
      body,
      headers: { 'content-type': 'application/json' }
    })
    t.equal(answer.status, depth < 64 ? 201 : 400, `${depth} levels: ${answer.text.slice(0, 200)}`)
  }
})
