import t from 'tap'
import { truncateAddress } from './address.ts'

t.test('logs hold networks, not addresses', async (t) => {
  t.equal(truncateAddress('203.0.113.77'), '203.0.113.0')
  t.equal(truncateAddress('::ffff:203.0.113.77'), '203.0.113.0')
  t.equal(truncateAddress('2001:db8:85a3:8d3:1319:8a2e:370:7348'), '2001:db8:85a3::')
  t.equal(truncateAddress('2001:db8::1'), '2001:db8::')
  t.equal(truncateAddress('::1'), '::')
})
