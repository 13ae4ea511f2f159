import { Agent } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import fc from 'fast-check'
import t from 'tap'
import { type Answer, startApp } from '#testing/app.ts'
import { checkAnswer } from './check-answer.ts'
import { anyRequest, brokenBytes, requestTo } from './hostile.ts'
import { type Document, readOperations } from './openapi.ts'
import { send } from './send.ts'
import { createUrl, createUser } from './subject.ts'

/**
 * Any input gets a described answer and never a 5xx, and the server survives. A failure prints fast-check's
 * seed.
 */

const RUNS = { operation: 40, any: 400, bytes: 200 }

const complaints: string[] = []
const logger = { level: 'error', stream: { write: (line: string) => void complaints.push(line) } }
const { url, request } = await startApp(t, { logger })
const agent = new Agent({ keepAlive: true, maxSockets: 4 })
t.teardown(() => agent.destroy())
await createUser(request)
await createUrl(request)
const operations = readOperations((await request('GET', '/openapi.json')).json as Document)
t.ok(operations.length >= 20, `${operations.length} operations are described`)

for (const operation of operations) {
  t.test(`${operation.name} withstands hostile input`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(requestTo(operation), { minLength: 4, maxLength: 4 }), async (requests) => {
        const answers = await Promise.all(requests.map((one) => send(agent, url, one)))
        const faults = requests.flatMap((one, at) => checkAnswer(operations, one, answers[at] as Answer))
        if (faults.length > 0) throw new Error(faults.join('\n'))
      }),
      { numRuns: RUNS.operation / 4 }
    )
  })
}

t.test('any method at any path is answered', async () => {
  await fc.assert(
    fc.asyncProperty(anyRequest, async (one) => {
      const faults = checkAnswer(operations, one, await send(agent, url, one))
      if (faults.length > 0) throw new Error(faults.join('\n'))
    }),
    {
      numRuns: RUNS.any,
      examples: [[{ method: 'DELETE', target: '/users//', headers: {}, body: Buffer.from('{}') }]]
    }
  )
})

t.test('bytes that are nearly a request are answered or cut off', async () => {
  const { hostname, port } = new URL(url)
  await fc.assert(
    fc.asyncProperty(brokenBytes, async (bytes) => {
      const socket = connect(Number(port), hostname)
      socket.on('error', () => socket.destroy())
      socket.end(bytes)
      const answer = await text(socket).catch(() => '')
      const [, status] = /^HTTP\/1\.1 (\d{3}) /.exec(answer) ?? []
      if (Number(status ?? 400) >= 500) throw new Error(answer)
      if (Number(status) >= 400 && !/application\/problem\+json/i.test(answer)) throw new Error(answer)
    }),
    { numRuns: RUNS.bytes }
  )
})

t.test('the server logs no error and survives', async (t) => {
  t.same(complaints, [])
  t.equal((await request('GET', '/health/ready')).status, 200)
  t.equal((await request('GET', '/users')).status, 200)
})
