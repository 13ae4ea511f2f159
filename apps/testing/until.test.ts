import t from 'tap'
import { until } from './until.ts'

t.test('until gives the first answer that is accepted', async (t) => {
  let count = 0
  t.equal(await until(() => ++count), 1)
  t.equal(
    await until(
      async () => ++count,
      (answer) => answer > 3
    ),
    4
  )
})

t.test('until throws with the condition and the last answer when it gives up', async (t) => {
  await t.rejects(
    until(
      () => ({ stored: 2 }),
      ({ stored }) => stored === 3,
      20
    ),
    /^Not within 0\.02 s: \(\) => \(\{ stored: 2 \}\); the last answer was \{ stored: 2 \}$/
  )
  await t.rejects(
    until(() => Promise.reject(new Error('refused'))),
    /refused/
  )
})
