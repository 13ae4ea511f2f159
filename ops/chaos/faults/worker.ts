import type { Fault } from '#ops/chaos/fault.ts'
import { end, freeze, takeDown } from '#ops/chaos/units.ts'

/** Faults of the worker, and of clicks on their way through it. */

const BAD_ENTRIES = ['', 'no JSON', '{"id":"1","rows":[]}', '{"id":7}']

export const workerFaults: Fault[] = [
  {
    name: 'worker-kill',
    what: 'The worker is killed (SIGKILL) amid its work, three times.',
    testbed: 'plain',
    isSmoke: true,
    async run(context) {
      const worker = context.stack.unit('worker')
      for (let round = 0; round < 3; round++) {
        await end(context, worker, 'SIGKILL')
      }
    }
  },
  {
    name: 'worker-gone',
    what: 'There is no worker, until an alert arrives.',
    testbed: 'plain',
    alerts: ['WorkerDown'],
    run: (context) => takeDown(context, [context.stack.unit('worker')], 5_000)
  },
  {
    name: 'worker-freeze',
    what: 'The worker is paused for 8 s (SIGSTOP, SIGCONT) with clicks in hand.',
    testbed: 'plain',
    run: (context) => freeze(context, context.stack.unit('worker'), 8_000)
  },
  {
    name: 'poison-click',
    what: 'The stream gets invalid batches, and one with a click that PostgreSQL refuses.',
    testbed: 'plain',
    alerts: ['ClicksDeadLettered'],
    async run({ redis, hold, until, check }) {
      const dead = async () => Number(await redis('XLEN', 'fairlead:clicks:dead'))
      const before = await dead()
      for (const entry of BAD_ENTRIES) await redis('XADD', 'fairlead:clicks', '*', 'batch', entry)
      const id = '01990000-0000-7000-8000-00000000'
      // A PostgreSQL text can't hold the character U+0000.
      const row = [1, null, 'code', Date.now(), 0, 'a\u0000b', null, null]
      await redis('XADD', 'fairlead:clicks', '*', 'batch', JSON.stringify({ id, rows: [row] }))
      await until('the dead letters have them', async () => (await dead()) >= before + BAD_ENTRIES.length + 1)
      await hold(2_000)
      check('each is a dead letter once', (await dead()) === before + BAD_ENTRIES.length + 1)
    }
  }
]
