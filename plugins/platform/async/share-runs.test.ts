import t from 'tap'
import { shareRuns } from './share-runs.ts'

function createWork() {
  const begun: { key: string; end: PromiseWithResolvers<number> }[] = []
  const share = shareRuns<string, number>()
  const shared = (key: string) =>
    share(key, () => {
      const end = Promise.withResolvers<number>()
      begun.push({ key, end })
      return end.promise
    })
  return { begun, shared }
}

t.test('calls during a run share the next one', async (t) => {
  const { begun, shared } = createWork()
  const first = shared('a')
  const later = [shared('a'), shared('a'), shared('a')]
  t.equal(begun.length, 1)
  begun[0]?.end.resolve(1)
  t.equal(await first, 1)
  t.equal(begun.length, 2)
  const last = shared('a')
  begun[1]?.end.resolve(2)
  t.same(await Promise.all(later), [2, 2, 2], 'none takes the result of a run that began before its call')
  begun[2]?.end.resolve(3)
  t.equal(await last, 3)
  void shared('a')
  t.equal(begun.length, 4, 'a call after the last run starts one at once')
})

t.test('keys do not wait for each other', async (t) => {
  const { begun, shared } = createWork()
  void shared('a')
  void shared('b')
  t.same(
    begun.map(({ key }) => key),
    ['a', 'b']
  )
})

t.test('a failed run fails only its own calls', async (t) => {
  const { begun, shared } = createWork()
  const first = shared('a')
  const second = shared('a')
  begun[0]?.end.reject(new Error('no database'))
  await t.rejects(first, /no database/)
  begun[1]?.end.resolve(2)
  t.equal(await second, 2)
})
