import { Agent, request } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'

/**
 * Clients that follow and create links through a proxy until SIGTERM, each with one request under way over a kept
 * connection and a pause (milliseconds) after it: steady, not as much as the machine bears. Then prints what they were
 * given, and exits with 1 when a request failed.
 *
 *   node ops/compose/steady-load.ts --url http://127.0.0.1:3000 --followers 20 --creators 4 --key KEY
 */

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:3000' },
    followers: { type: 'string', default: '20' },
    creators: { type: 'string', default: '4' },
    pause: { type: 'string', default: '50' },
    key: { type: 'string', default: '' }
  }
})
const [followers, creators] = [Number(values.followers), Number(values.creators)]
const agent = new Agent({ keepAlive: true, maxSockets: followers + creators })
const headers = { 'content-type': 'application/json', authorization: `Bearer ${values.key}` }

interface Answer {
  status: number
  body: string
}

function ask(path: string, method: string, body?: object): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(values.url + path, { agent, method, headers, timeout: 30_000 }, async (answer) => {
      try {
        let text = ''
        for await (const chunk of answer) text += chunk
        resolve({ status: answer.statusCode ?? 0, body: text })
      } catch (error) {
        reject(error)
      }
    })
    sent.on('error', reject)
    sent.on('timeout', () => sent.destroy(new Error('no answer within 30 s')))
    sent.end(body && JSON.stringify(body))
  })
}

const made = await ask('/urls', 'POST', { original_url: 'https://acme.dev/steady' })
if (made.status !== 201) throw new Error(`${made.status} ${made.body}`)
const { short_code: code } = JSON.parse(made.body) as { short_code: string }

const result = { code, follows: 0, creates: 0, slowest_ms: 0, over_1s: 0, failures: [] as string[] }
let isOver = false
process.once('SIGTERM', () => {
  isOver = true
})

async function run(kind: 'follows' | 'creates', status: number, send: () => Promise<Answer>): Promise<void> {
  // What fails must not be asked a million times.
  while (!isOver && result.failures.length < 50) {
    const begin = performance.now()
    const answer = await send().catch((error: Error) => ({ status: 0, body: error.message }))
    const took = performance.now() - begin
    result.slowest_ms = Math.max(result.slowest_ms, Math.round(took))
    if (took > 1_000) result.over_1s++
    if (answer.status === status) result[kind]++
    else result.failures.push(`${kind}: ${answer.status} ${answer.body.slice(0, 200)}`)
    await wait(Number(values.pause))
  }
}

await Promise.all([
  ...Array.from({ length: followers }, () => run('follows', 302, () => ask(`/${code}`, 'GET'))),
  ...Array.from({ length: creators }, () =>
    run('creates', 201, () => ask('/urls', 'POST', { original_url: 'https://acme.dev/b' }))
  )
])
agent.destroy()
console.log(JSON.stringify(result))
process.exitCode = result.failures.length > 0 ? 1 : 0
