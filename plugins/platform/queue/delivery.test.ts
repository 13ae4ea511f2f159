import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { createBreaker } from '#platform/breaker.ts'
import { toRow } from '#plugins/clicks/click.ts'
import { ClicksUnrecorded, createRoute, type RouteCounts } from './delivery.ts'
import { createPacker, type PackedBatch } from './encoder.ts'
import type { Spool } from './local-log.ts'

/** Where batches go when stages refuse them. */

const draft = { urlId: 1, userId: null, shortCode: 'a', method: 'GET', ip: '127.0.0.1' } as const

function makeBatch(clicks: number): PackedBatch {
  const row = () => toRow({ ...draft, userAgent: undefined, referrer: undefined }, Date.now(), null)
  const packer = createPacker()
  for (let click = 0; click < clicks; click++) packer.add([row()], [null])
  return packer.seal(Date.now())
}

interface Stages {
  /** What the stream does with a batch; there is no stream when not said. */
  append?(): Promise<void>
  /** The place of a click that the database refuses. */
  poison?: number
  isDiskFull?: boolean
  isDatabaseAway?: boolean
}

/** A route over stages that the test owns. */
function setRoute({ append, ...options }: Stages = {}) {
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
  const streamBreaker = createBreaker({ threshold: 1, minMs: 0, maxMs: 0, now: Date.now })
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
    stream: append === undefined ? null : { append },
    streamBreaker,
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
  return { route, counts, spooled, letters, streamBreaker }
}

t.test('a click that the database refuses is buried, the others are stored', async (t) => {
  const { route, counts, letters } = setRoute({ poison: 1 })
  await route.send(makeBatch(3), Date.now())
  t.match(counts, { stored: 2, deadLettered: 1, lost: 0, spooled: 0 })
  t.match(letters, [{ shortCode: 'a' }])
})

t.test('with the database away a batch waits on the disk', async (t) => {
  const { route, counts, spooled } = setRoute({ isDatabaseAway: true })
  const batch = makeBatch(2)
  await route.send(batch, Date.now())
  t.match(counts, { stored: 0, spooled: 2, lost: 0 })
  t.same(spooled, [batch.record])
})

t.test('with a full disk too the redirects are refused, and the clicks counted as lost', async (t) => {
  const { route, counts } = setRoute({ isDatabaseAway: true, isDiskFull: true })
  await t.rejects(route.send(makeBatch(2), Date.now()), ClicksUnrecorded)
  t.match(counts, { lost: 2, spooled: 0 })
})

t.test('nobody waits for a stream that is known to be away, and it is tried all the same', async (t) => {
  const appends: PromiseWithResolvers<void>[] = []
  const append = () => {
    appends.push(Promise.withResolvers())
    return (appends.at(-1) as PromiseWithResolvers<void>).promise
  }
  const { route, counts, streamBreaker } = setRoute({ append })
  const first = route.send(makeBatch(1), Date.now())
  appends[0]?.reject(new Error('no answer'))
  await first
  t.ok(streamBreaker.isOpen)
  await route.send(makeBatch(2), Date.now())
  t.match(counts, { stored: 3, fellBack: 3, appended: 0 }, 'while the second append is under way')
  appends[1]?.resolve()
  while (streamBreaker.isOpen) await wait(1)
  t.equal(appends.length, 2)
})

t.test('what a stage took that was known to be away is not lost when the disk is full', async (t) => {
  let isBack = false
  const append = async () => {
    if (!isBack) throw new Error('gone')
  }
  const { route, counts } = setRoute({ append, isDatabaseAway: true, isDiskFull: true })
  await t.rejects(route.send(makeBatch(1), Date.now()), ClicksUnrecorded)
  isBack = true
  await route.send(makeBatch(2), Date.now())
  t.match(counts, { appended: 2, lost: 1 })
})

t.test(
  'a refused click that can not be buried either is counted as lost, and its redirect refused',
  async (t) => {
    const { route, counts } = setRoute({ poison: 0, isDiskFull: true })
    await t.rejects(route.send(makeBatch(1), Date.now()), ClicksUnrecorded)
    t.match(counts, { lost: 1, deadLettered: 0 })
  }
)

t.test('a record of a spool that is no batch is buried, so that those behind it do not wait', async (t) => {
  const { route, counts, letters } = setRoute()
  await route.resend('{"of":"another release"}')
  t.match(counts, { deadLettered: 1, replayed: 0 })
  t.same(letters, [{ record: '{"of":"another release"}' }])
  await route.resend(makeBatch(2).record)
  t.match(counts, { replayed: 2, stored: 2 })
})

t.test('with a full disk such a record stays where it is', async (t) => {
  const { route, counts } = setRoute({ isDiskFull: true })
  await t.rejects(route.resend('what is this'), /dead letters/)
  t.match(counts, { deadLettered: 0 })
})
