import t from 'tap'
import { type Crowd, type Load, sendLoad } from '#ops/stack/clients.ts'
import { type Stack, startStack } from '#ops/stack/stack.ts'
import { storedClicks } from '#testing/click-context.ts'
import { makeFolder } from '#testing/folder.ts'
import { missing } from '#testing/programs.ts'
import { until } from '#testing/until.ts'

/** Replicas end in the ways that occur in production, under 500 connections, and no client sees an error. */

const skip = missing('postgres') || missing('redis-server') || missing('nginx')

const CONNECTIONS = 500
const TENTH = CONNECTIONS / 10

/** Test machines are small: the clients pause, so connections are idle between requests, as in production. */
const THINK_MS = 1_000

/** Busy machines are slow, and this test does not measure speed. */
const PATIENT = { DATABASE_CONNECT_TIMEOUT_MS: '30000' }

/** Reads, repeatable writes and other writes. */
const ALL_KINDS = { followers: CONNECTIONS - 2 * TENTH, creators: TENTH, changers: TENTH, thinkMs: THINK_MS }

/** A kill loses the requests in progress, and only idempotent ones can be sent again. */
const IDEMPOTENT = { followers: CONNECTIONS - TENTH, creators: 0, changers: TENTH, thinkMs: THINK_MS }

interface Trial {
  title: string
  crowd: Crowd
  /** nginx retries the requests of a killed replica on another one, and both may have counted the click. */
  repeatable: number
  run(stack: Stack, load: Load): Promise<void>
}

const TRIALS: Trial[] = [
  { title: 'a rolling restart', crowd: ALL_KINDS, repeatable: 0, run: (stack) => stack.rollingRestart() },
  { title: 'SIGTERM of each replica', crowd: ALL_KINDS, repeatable: 0, run: signalEach('SIGTERM') },
  { title: 'kill -9 of each replica', crowd: IDEMPOTENT, repeatable: CONNECTIONS, run: signalEach('SIGKILL') }
]

/**
 * Signals the replicas one after the other. Waits until the previous one is back and every request that it
 * refused has been answered: nginx tries each replica once per request, and there may be only two.
 */
function signalEach(signal: NodeJS.Signals): Trial['run'] {
  return async (stack, load) => {
    for (const replica of stack.replicas) {
      const { restarts } = replica
      replica.signal(signal)
      await until(() => replica.restarts !== restarts && replica.state === 'up')
      await load.turnOver()
    }
  }
}

t.test('restarts cause no error for 500 clients', { skip }, async (t) => {
  const folder = await makeFolder(t)
  const stack = await startStack({ folder, replicas: 2, isLight: true, env: PATIENT })
  t.teardown(stack.stop)
  let follows = 0
  let most = 0
  for (const { title, crowd, repeatable, run } of TRIALS) {
    await t.test(title, async (t) => {
      const pids = stack.replicas.map(({ pid }) => pid)
      const load = await sendLoad(stack.url, crowd)
      try {
        await load.turnOver()
        await run(stack, load)
        await load.turnOver()
      } finally {
        await load.stop()
      }
      t.same(load.failures, [])
      t.ok(stack.replicas.every(({ pid, state }, at) => pid !== pids[at] && state === 'up'))
      t.comment(`${load.follows} GET, ${load.creates} POST, ${load.changes} PUT`)
      follows += load.follows
      most += load.follows + repeatable * stack.replicas.length
    })
  }
  const { clicks } = await storedClicks(stack.databaseUrl, follows)
  t.ok(clicks <= most, `${clicks} clicks of ${follows} redirects`)
})
