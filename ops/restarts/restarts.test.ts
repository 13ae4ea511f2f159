import t from 'tap'
import { startStack } from '#ops/stack/stack.ts'
import { storedClicks } from '#testing/click-context.ts'
import { makeFolder } from '#testing/folder.ts'
import { missing } from '#testing/programs.ts'
import { attempt, TRIALS } from './restarts.ts'

/** Replicas restart under 500 connections, and no client sees an error. */

const skip = missing('postgres') || missing('redis-server') || missing('nginx')

const CONNECTIONS = 500

/** Busy machines are slow, and this test does not measure speed. */
const PATIENT = { DATABASE_CONNECT_TIMEOUT_MS: '30000' }

t.test('restarts cause no error for 500 clients', { skip }, async (t) => {
  const folder = await makeFolder(t)
  const stack = await startStack({ folder, replicas: 2, isLight: true, env: PATIENT })
  t.teardown(stack.stop)
  let follows = 0
  let repeatable = 0
  for (const trial of TRIALS) {
    await t.test(trial.title, async (t) => {
      const pids = stack.replicas.map(({ pid }) => pid)
      // Test machines are small: the clients pause, so connections are idle between requests, as in
      // production.
      const outcome = await attempt(stack, trial, CONNECTIONS, 1_000)
      t.same(outcome.failures, [])
      t.ok(stack.replicas.every(({ pid, state }, at) => pid !== pids[at] && state === 'up'))
      t.comment(`${outcome.follows} GET, ${outcome.creates} POST, ${outcome.changes} PUT`)
      follows += outcome.follows
      // nginx retries the requests of a killed replica on another one, and both may have counted the click.
      if (trial.title.startsWith('kill')) repeatable = CONNECTIONS * stack.replicas.length
    })
  }
  const { clicks } = await storedClicks(stack.databaseUrl, follows)
  t.ok(clicks <= follows + repeatable, `${clicks} clicks of ${follows} redirects`)
})
