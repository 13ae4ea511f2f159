import fc from 'fast-check'
import t from 'tap'
import { wireTime } from '#schema/shapes/text.ts'
import { isWireTime, parseWireTime } from './wire-time.ts'

t.test('reads what the wire writes, to the second', async () => {
  const whole = fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true })
  fc.assert(
    fc.property(whole, (time) => wireTime(parseWireTime(wireTime(time)) ?? new Date(0)) === wireTime(time))
  )
})

t.test('takes a zone, a space for the T, fractions and days', async (t) => {
  const read = (text: string, dayEnd = false) => parseWireTime(text, dayEnd)?.toISOString()
  t.equal(read('2025-06-04T02:07:00+02:00'), '2025-06-04T00:07:00.000Z')
  t.equal(read('2025-06-04 00:07:00'), '2025-06-04T00:07:00.000Z')
  t.equal(read('2025-06-04T00:07:00.987Z'), '2025-06-04T00:07:00.000Z')
  t.equal(read('2025-06-04T00:07'), '2025-06-04T00:07:00.000Z')
  t.equal(read('2025-06-04'), '2025-06-04T00:00:00.000Z')
  t.equal(read('2025-06-04', true), '2025-06-04T23:59:59.000Z')
})

t.test('refuses days and hours that do not exist, and anything else', async (t) => {
  for (const text of [
    '2025-02-30',
    '2025-02-30T10:00:00',
    '2025-13-01',
    '2025-01-01T25:00:00',
    'soon',
    '1',
    ''
  ]) {
    t.notOk(isWireTime(text), text)
  }
})
