import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, request as requestHttp } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import t, { type Test } from 'tap'
import { missing } from '#testing/servers.ts'
import { type Stack, type StackOptions, startStack } from './stack.ts'

/** The local stack under load, with what is done to it in production. */

const skip = missing('postgres') || missing('redis-server') || missing('nginx')

async function start(t: Test, options: Partial<StackOptions> = {}): Promise<Stack> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-stack-'))
  const stack = await startStack({ folder, replicas: 2, isLight: true, ...options })
  t.teardown(async () => {
    await stack.stop()
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  })
  return stack
}

interface Answer {
  status: number
  body: string
}

/** One request over the connections of `agent`; rejects where there is no answer. */
function ask(agent: Agent, url: string, method: string, json?: object): Promise<Answer> {
  return new Promise((done, fail) => {
    const headers = json ? { 'content-type': 'application/json' } : {}
    const sent = requestHttp(url, { agent, method, headers }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (chunk) => {
        body += chunk
      })
      response.once('end', () => done({ status: response.statusCode ?? 0, body })).once('error', fail)
    })
    sent.once('error', fail).end(json && JSON.stringify(json))
  })
}

interface Load {
  readonly follows: number
  readonly creates: number
  /** What was not answered as it should be, in words. */
  readonly failures: string[]
  /** Resolves when so many more requests of each kind were answered. */
  more(count: number): Promise<void>
  stop(): Promise<void>
}

/** Clients that follow a link and clients that create links, each with one request under way, until it is stopped. */
async function sendLoad(t: Test, stack: Stack, { followers = 20, creators = 4 } = {}): Promise<Load> {
  const agent = new Agent({ keepAlive: true, maxSockets: followers + creators })
  const made = await ask(agent, `${stack.url}/urls`, 'POST', {
    original_url: 'https://acme.dev/a',
    short_code: 'stack'
  })
  if (made.status !== 201) throw new Error(made.body)
  const load = { follows: 0, creates: 0, failures: [] as string[] }
  let isOver = false
  async function run(
    kind: 'follows' | 'creates',
    status: number,
    send: () => Promise<Answer>
  ): Promise<void> {
    while (!isOver) {
      const answer = await send().catch((error: Error) => ({ status: 0, body: error.message }))
      if (answer.status === status) load[kind]++
      else load.failures.push(`${kind}: ${answer.status} ${answer.body.slice(0, 200)}`)
      // A stack that fails must not be asked a million times.
      if (load.failures.length > 50) return
    }
  }
  const clients = [
    ...Array.from({ length: followers }, () =>
      run('follows', 302, () => ask(agent, `${stack.url}/stack`, 'GET'))
    ),
    ...Array.from({ length: creators }, () =>
      run('creates', 201, () =>
        ask(agent, `${stack.url}/urls`, 'POST', { original_url: 'https://acme.dev/b' })
      )
    )
  ]
  const stop = async () => {
    isOver = true
    await Promise.all(clients)
    agent.destroy()
  }
  t.teardown(stop)
  return Object.assign(load, {
    async more(count: number) {
      const [follows, creates] = [load.follows + count, load.creates + count]
      while ((load.follows < follows || load.creates < creates) && load.failures.length <= 50) await wait(10)
    },
    stop
  })
}

/** The clicks that are stored, once there are `atLeast` of them. */
async function countClicks(stack: Stack, atLeast: number): Promise<number> {
  const client = new pg.Client(stack.databaseUrl)
  await client.connect()
  try {
    for (let tries = 0; ; tries++) {
      const { rows } = await client.query<{ count: string }>(
        `SELECT count(*) FROM events WHERE event_type = 'click'`
      )
      const count = Number(rows[0]?.count)
      if (count >= atLeast || tries > 100) return count
      await wait(100)
    }
  } finally {
    await client.end()
  }
}

t.test('replicas come and go under load and nobody notices', { skip }, async (t) => {
  const stack = await start(t)
  const load = await sendLoad(t, stack)
  await load.more(50)

  await t.test('a rolling restart fails no request, writes included', async (t) => {
    const pids = stack.replicas.map(({ pid }) => pid)
    const steps: string[] = []
    await stack.rollingRestart((step) => steps.push(step))
    await load.more(20)
    t.equal(steps.length, 4, steps.join(', '))
    t.ok(stack.replicas.every(({ pid, state }, at) => pid !== pids[at] && state === 'up'))
    t.ok(
      stack.replicas.every(({ restarts }) => restarts === 0),
      'nobody had to help'
    )
    t.same(load.failures, [])
  })

  await load.stop()
  t.equal(await countClicks(stack, load.follows), load.follows, 'each redirect that was given is one click')
})

t.test('a replica that is killed is started again, and no read fails', { skip }, async (t) => {
  const stack = await start(t)
  const load = await sendLoad(t, stack, { creators: 0 })
  const [first] = stack.replicas
  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    const { pid, restarts = 0 } = first ?? {}
    first?.signal(signal)
    while (first?.restarts === restarts || first?.state !== 'up') await wait(20)
    t.not(first.pid, pid, signal)
    const follows = load.follows
    while (load.follows < follows + 200) await wait(10)
  }
  await load.stop()
  t.same(load.failures, [])
  const clicks = await countClicks(stack, load.follows)
  t.ok(
    clicks >= load.follows && clicks <= load.follows + 40,
    `${clicks} clicks of ${load.follows} answers: repeated reads count`
  )
})

t.test(
  'stopped it leaves nothing running, and what it stored is there at the next start',
  { skip },
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'fairlead-stack-'))
    t.teardown(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
    const agent = new Agent()
    const options = { folder, replicas: 1, isLight: true }
    const first = await startStack(options)
    const pids = first.units.map(({ pid }) => pid ?? 0)
    const made = { original_url: 'https://acme.dev/kept', short_code: 'kept' }
    t.equal((await ask(agent, `${first.url}/urls`, 'POST', made)).status, 201)
    await t.rejects(first.rollingRestart(), /two replicas/)
    await first.stop()
    for (const pid of pids) t.throws(() => process.kill(pid, 0), { code: 'ESRCH' }, `${pid} is gone`)
    const second = await startStack(options)
    t.teardown(() => second.stop())
    t.equal((await ask(agent, `${second.url}/kept`, 'GET')).status, 302)
  }
)
