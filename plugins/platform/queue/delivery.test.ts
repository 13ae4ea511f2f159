import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { createBreaker } from '#platform/async/breaker.ts'
import { batchOf, numberCodec } from '#testing/number-codec.ts'
import { createDelivery, ItemsUnrecorded, noCounts } from './delivery.ts'

/** Where batches go when stages refuse them. */

interface Stages {
  /** Replaces `append` of the stream; without it there is no stream. */
  append?(): Promise<void>
  isPoison?: boolean
  isDiskFull?: boolean
  isDatabaseAway?: boolean
}

/** Makes a delivery over stages under the test's control. */
function setDelivery({ append, ...options }: Stages = {}) {
  const counts = noCounts()
  const logged: string[] = []
  const breaker = () => createBreaker({ threshold: 100, minMs: 1, maxMs: 1, now: Date.now })
  const streamBreaker = createBreaker({ threshold: 1, minMs: 0, maxMs: 0, now: Date.now })
  const delivery = createDelivery({
    stream: append === undefined ? null : { append },
    streamBreaker,
    storeBreaker: breaker(),
    decode: numberCodec.decode,
    async store() {
      if (options.isDatabaseAway) throw Object.assign(new Error('gone'), { code: 'ECONNREFUSED' })
      if (options.isPoison) throw new Error('refused')
    },
    storeTimeoutMs: 1_000,
    isTransient: (error) => (error as { code?: string }).code === 'ECONNREFUSED',
    log: {
      async append({ record }) {
        if (options.isDiskFull) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
        logged.push(record)
      }
    },
    counts,
    onOutage: () => undefined
  })
  return { delivery, counts, logged, streamBreaker }
}

const gone = async () => {
  throw new Error('gone')
}
const send = ({ delivery }: ReturnType<typeof setDelivery>, numbers: number[]) =>
  delivery.send(batchOf(numbers), Date.now())

t.test('without Redis a batch goes to the log, and not to the database', async (t) => {
  const stages = setDelivery({ isPoison: true })
  await send(stages, [1, 2])
  t.match(stages.counts, { appended: 2, stored: 0, spooled: 0, lost: 0 })
  t.same(stages.logged, ['[1,2]'])
})

t.test('without Redis a batch that waits for the log too long is refused', async (t) => {
  const stages = setDelivery()
  await t.rejects(stages.delivery.spill(batchOf([1, 2])), ItemsUnrecorded)
  t.match(stages.counts, { lost: 2 })
  t.same(stages.logged, [])
})

t.test('a batch that the stream refuses is stored', async (t) => {
  const stages = setDelivery({ append: gone })
  await send(stages, [1, 2])
  t.match(stages.counts, { appended: 0, stored: 2, fellBack: 2, spooled: 0, lost: 0 })
})

t.test('with stream and database away, or a poisonous item, a batch waits in the log', async (t) => {
  for (const stages of [
    setDelivery({ append: gone, isDatabaseAway: true }),
    setDelivery({ append: gone, isPoison: true })
  ]) {
    await send(stages, [1, 2])
    t.match(stages.counts, { stored: 0, spooled: 2, deadLettered: 0, lost: 0 })
    t.same(stages.logged, ['[1,2]'])
  }
})

t.test('with a full disk requests are refused, and their items are counted as lost', async (t) => {
  for (const append of [gone, undefined]) {
    const stages = setDelivery({ ...(append && { append }), isDatabaseAway: true, isDiskFull: true })
    await t.rejects(send(stages, [1, 2]), ItemsUnrecorded)
    t.match(stages.counts, { lost: 2, spooled: 0, appended: 0 })
  }
})

t.test('no batch waits for a stream with an open circuit, which is still tried', async (t) => {
  const appends: PromiseWithResolvers<void>[] = []
  const append = () => {
    appends.push(Promise.withResolvers())
    return (appends.at(-1) as PromiseWithResolvers<void>).promise
  }
  const stages = setDelivery({ append })
  const { counts, streamBreaker } = stages
  const first = send(stages, [1])
  appends[0]?.reject(new Error('no answer'))
  await first
  t.ok(streamBreaker.isOpen)
  await send(stages, [2, 3])
  t.match(counts, { stored: 3, fellBack: 3, appended: 0 }, 'while the second append is under way')
  appends[1]?.resolve()
  while (streamBreaker.isOpen) await wait(1)
  t.equal(appends.length, 2)
})

t.test('a batch that a stage with an open circuit took is not lost when the disk is full', async (t) => {
  let isBack = false
  const append = async () => {
    if (!isBack) throw new Error('gone')
  }
  const stages = setDelivery({ append, isDatabaseAway: true, isDiskFull: true })
  await t.rejects(send(stages, [1]), ItemsUnrecorded)
  isBack = true
  await send(stages, [2, 3])
  t.match(stages.counts, { appended: 2, lost: 1 })
})
