import t from 'tap'
import { createGroupWindow } from './group-window.ts'

/** The share of `batches` that wait, when the size of a batch depends on whether it waited. */
function waitingShare(sizeOf: (waits: boolean) => number, batches = 1_000): number {
  const window = createGroupWindow()
  let waiting = 0
  for (let batch = 0; batch < batches; batch++) {
    const waits = window.opens()
    if (waits) waiting++
    window.observe(sizeOf(waits))
  }
  return waiting / batches
}

t.test('batches wait only where that makes small batches larger', async (t) => {
  t.equal(
    waitingShare((waits) => (waits ? 3 : 1)),
    1,
    'thin traffic that groups'
  )
  t.ok(waitingShare(() => 1) < 0.02, 'one client')
  t.ok(waitingShare((waits) => (waits ? 60 : 30)) < 0.02, 'many clients in each tick')
  t.ok(waitingShare((waits) => (waits ? 40 : 6)) < 0.02, 'batches that are no smaller than a few')
  t.ok(waitingShare((waits) => (waits ? 20 : 2)) > 0.5, 'small batches that the window makes large')
})

t.test('a window reopens when its traffic becomes thin, and when a lonely client gets company', async (t) => {
  for (const before of [30, 1]) {
    const window = createGroupWindow()
    for (let batch = 0; batch < 500; batch++) {
      window.opens()
      window.observe(before)
    }
    t.notOk(window.opens())
    let batches = 0
    for (; batches < 200 && !window.opens(); batches++) window.observe(1)
    window.observe(2)
    t.ok(window.opens(), `after batches of ${before}`)
  }
})
