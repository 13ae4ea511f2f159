import t from 'tap'
import { createBreaker } from '#platform/breaker.ts'
import { type Batch, createBatchId, encodeBatch, toRow } from './click.ts'
import { ClicksUnrecorded, createRoute, type RouteCounts } from './route.ts'
import type { Spool } from './spool.ts'

/** Where batches go when stages refuse them. */

const draft = { urlId: 1, userId: null, shortCode: 'a', method: 'GET', ip: '127.0.0.1' } as const

function makeBatch(clicks: number): Batch {
  const row = () => toRow({ ...draft, userAgent: undefined, referrer: undefined }, Date.now(), null)
  return { id: createBatchId(Date.now()), rows: Array.from({ length: clicks }, row) }
}

/** A route without a stream over stages that the test owns; `poison` is the place of a click that the database refuses. */
function setRoute(options: { poison?: number; isDiskFull?: boolean; isDatabaseAway?: boolean } = {}) {
  const counts: RouteCounts = {
    appended: 0,
    fellBack: 0,
    stored: 0,
    spooled: 0,
    replayed: 0,
    deadLettered: 0,
    lost: 0
  }
  const spooled: string[] = []
  const letters: object[] = []
  const breaker = () => createBreaker({ threshold: 100, minMs: 1, maxMs: 1, now: Date.now })
  const full = async () => {
    throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
  }
  const spool: Spool = {
    append: options.isDiskFull ? full : async (record) => void spooled.push(record),
    isEmpty: true,
    replay: async () => 0,
    close: async () => undefined
  }
  const route = createRoute({
    stream: null,
    streamBreaker: breaker(),
    storeBreaker: breaker(),
    store: () => async (clicks) => {
      if (options.isDatabaseAway) throw Object.assign(new Error('gone'), { code: 'ECONNREFUSED' })
      if (clicks.some(({ id }) => Number.parseInt(id.slice(-4), 16) === options.poison))
        throw new Error('refused')
    },
    storeTimeoutMs: 1_000,
    isPassing: (error) => (error as { code?: string }).code === 'ECONNREFUSED',
    spool,
    bury: options.isDiskFull ? full : async (letter) => void letters.push(letter),
    counts,
    onOutage: () => undefined
  })
  return { route, counts, spooled, letters }
}

t.test('a click that the database refuses is buried, the others are stored', async (t) => {
  const { route, counts, letters } = setRoute({ poison: 1 })
  await route.send(makeBatch(3))
  t.match(counts, { stored: 2, deadLettered: 1, lost: 0, spooled: 0 })
  t.match(letters, [{ shortCode: 'a' }])
})

t.test('with the database away a batch waits on the disk', async (t) => {
  const { route, counts, spooled } = setRoute({ isDatabaseAway: true })
  const batch = makeBatch(2)
  await route.send(batch)
  t.match(counts, { stored: 0, spooled: 2, lost: 0 })
  t.same(spooled, [encodeBatch(batch)])
})

t.test('with a full disk too the redirects are refused, and the clicks counted as lost', async (t) => {
  const { route, counts } = setRoute({ isDatabaseAway: true, isDiskFull: true })
  await t.rejects(route.send(makeBatch(2)), ClicksUnrecorded)
  t.match(counts, { lost: 2, spooled: 0 })
})

t.test(
  'a refused click that can not be buried either is counted as lost, and its redirect refused',
  async (t) => {
    const { route, counts } = setRoute({ poison: 0, isDiskFull: true })
    await t.rejects(route.send(makeBatch(1)), ClicksUnrecorded)
    t.match(counts, { lost: 1, deadLettered: 0 })
  }
)

t.test('a record of a spool that is no batch is buried, so that those behind it do not wait', async (t) => {
  const { route, counts, letters } = setRoute()
  await route.resend('{"of":"another release"}')
  t.match(counts, { deadLettered: 1, replayed: 0 })
  t.same(letters, [{ record: '{"of":"another release"}' }])
  await route.resend(encodeBatch(makeBatch(2)))
  t.match(counts, { replayed: 2, stored: 2 })
})

t.test('with a full disk such a record stays where it is', async (t) => {
  const { route, counts } = setRoute({ isDiskFull: true })
  await t.rejects(route.resend('what is this'), /dead letters/)
  t.match(counts, { deadLettered: 0 })
})
