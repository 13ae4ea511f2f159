import t from 'tap'
import { createMatcher } from './hosts.ts'

/** Entries as earlier releases stored them. */

t.test('entries of earlier releases match hosts in their current spelling', async (t) => {
  const { size, matches } = createMatcher([
    '[::ffff:7f00:1]',
    'one.example.',
    '.two.example..',
    'xn--bcher-kva.example'
  ])
  t.equal(size, 4)
  for (const host of ['127.0.0.1', 'one.example', 'a.two.example', 'xn--bcher-kva.example'])
    t.ok(matches(host), host)
  t.notOk(matches('a.one.example'))
})
