import t from 'tap'
import { measureBuild } from './sizes.ts'

/** What the browser loads. */

t.test('the first page is small, and so is each lazy part', async (t) => {
  const { scripts, styles, lazy } = await measureBuild()
  t.ok(scripts > 10_000 && scripts <= 90 * 1_024, `${scripts} bytes of scripts`)
  t.ok(styles > 1_000 && styles <= 20 * 1_024, `${styles} bytes of styles`)
  t.same(
    lazy.filter(({ size }) => size > 60 * 1_024),
    []
  )
})
