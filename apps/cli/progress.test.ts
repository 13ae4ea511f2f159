import { PassThrough } from 'node:stream'
import t from 'tap'
import { showProgress } from './progress.ts'

/** Creates a stream that records its output, as a terminal or not. */
function createStream(isTTY: boolean) {
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 80 })
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => String(stream.read() ?? '') }
}

t.test('is a bar on a terminal, erased at the end', async (t) => {
  const { stream, text } = createStream(true)
  const progress = showProgress(stream, 'users.csv', 200)
  t.match(text(), /users\.csv +░+ 0 % /)
  progress.update(100, 0)
  progress.update(200, 12_345)
  progress.stop()
  t.match(text(), /█+ 100 % {2}12,345 rows/)
})

t.test('is a line at intervals elsewhere', async (t) => {
  const { stream, text } = createStream(false)
  let now = 0
  const progress = showProgress(stream, 'events.csv', 1_000, () => now)
  progress.update(10, 1)
  t.equal(text(), '')
  now += 10_000
  progress.update(505, 20_000)
  progress.update(510, 20_000)
  now += 10_000
  progress.update(999, 0)
  progress.stop()
  t.equal(text(), 'events.csv: 50 %, 20,000 rows done\nevents.csv: 99 %\n')
})
