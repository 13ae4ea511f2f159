import fc from 'fast-check'
import t from 'tap'
import { wireTime } from '#schema/shapes/text.ts'
import { isWireTime, parseWireTime } from './wire-time.ts'

t.test('parses formatted times to the second', async () => {
  const [min, max] = [new Date('0001-01-01T00:00:00Z'), new Date('9999-12-31T23:59:59Z')]
  const whole = fc.date({ min, max, noInvalidDate: true })
  fc.assert(
    fc.property(whole, (time) => wireTime(parseWireTime(wireTime(time)) ?? new Date(0)) === wireTime(time))
  )
})

t.test('accepts a zone, a space for the T, fractions and days', async (t) => {
  const read = (text: string, dayEnd = false) => parseWireTime(text, dayEnd)?.toISOString()
  t.equal(read('2025-06-04T02:07:00+02:00'), '2025-06-04T00:07:00.000Z')
  for (const zone of ['+02', '+0200', '+02:00'])
    for (const year of ['0049', '2025'])
      t.equal(read(`${year}-06-04T02:07:00${zone}`), `${year}-06-04T00:07:00.000Z`, `${year} ${zone}`)
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
    '2025-01-01T10:00:00+24:00',
    '2025-01-01T10:00:00+02:60',
    '0000-12-31T23:59:59',
    '0001-01-01T00:00:00+00:01',
    '9999-12-31T23:59:59-00:01',
    '+010000-01-01T00:00:00',
    '-000001-01-01T00:00:00',
    '10000-01-01T00:00:00',
    'soon',
    '1',
    ''
  ]) {
    t.notOk(isWireTime(text), text)
  }
})
