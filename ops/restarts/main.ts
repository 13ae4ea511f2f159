import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startStack } from '#ops/stack/stack.ts'
import { attempt, TRIALS } from './restarts.ts'

/**
 * Starts a stack and restarts, terminates and kills its replicas under load:
 *
 *   node ops/restarts/main.ts --replicas 6 --connections 500
 *
 * Prints the requests and the failures; exits with 1 if there are any failures.
 */
const { values } = parseArgs({
  options: {
    replicas: { type: 'string', default: '6' },
    connections: { type: 'string', default: '500' }
  }
})
const [replicas, connections] = [Number(values.replicas), Number(values.connections)]
if (!(replicas >= 2 && connections >= 10)) throw new Error('Two replicas and ten connections are the least')

const folder = await mkdtemp(join(tmpdir(), 'fairlead-restarts-'))
const stack = await startStack({ folder, replicas, isLight: true })
try {
  console.log(`${replicas} replicas, ${connections} connections`)
  for (const trial of TRIALS) {
    const start = performance.now()
    const { follows, creates, changes, failures } = await attempt(stack, trial, connections)
    const seconds = ((performance.now() - start) / 1_000).toFixed(1)
    const done = `${follows} GET, ${creates} POST, ${changes} PUT`
    console.log(`${trial.title}: ${done} in ${seconds} s, ${failures.length} failed`)
    for (const failure of new Set(failures)) console.log(`  ${failure}`)
    if (failures.length > 0) process.exitCode = 1
  }
} finally {
  await stack.stop()
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
}
