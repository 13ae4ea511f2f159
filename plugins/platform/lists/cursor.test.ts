import { createHash } from 'node:crypto'
import t from 'tap'
import { formatCursor, parseCursor, type ValueType } from './cursor.ts'

t.test('a cursor gives its position back, for its order and types only', async (t) => {
  const positions: [ValueType, string | null][] = [
    ['bigint', '9007199254740991'],
    ['text', 'Ä 😀\n"'],
    ['text', ''],
    ['time', '-62135596800.000000'],
    ['time', '1764532029.123000'],
    ['time', '-Infinity'],
    ['time', null]
  ]
  const faults = positions.filter(([value, text]) => {
    const position = { value: text, id: '1' }
    const cursor = formatCursor('a -b', position)
    const read = parseCursor(cursor, 'a -b', { value, id: 'bigint' })
    const other = parseCursor(cursor, 'a b', { value, id: 'bigint' })
    return JSON.stringify(read) !== JSON.stringify(position) || other !== null
  })
  t.same(faults, [])
})

t.test('values that PostgreSQL refuses are refused, although their hash is right', async (t) => {
  const forge = (json: string) => {
    const hash = createHash('sha256').update(`a b\n${json}`).digest('base64url').slice(0, 8)
    return Buffer.from(json).toString('base64url') + hash
  }
  t.same(parseCursor(forge('["1","1"]'), 'a b', { value: 'time', id: 'bigint' }), { value: '1', id: '1' })
  const forged: [ValueType, string][] = [
    ['bigint', '["99999999999999999999","1"]'],
    ['bigint', '["1e5","1"]'],
    ['bigint', '["1","x"]'],
    ['bigint', '["1",1]'],
    ['bigint', '[1,"1"]'],
    ['bigint', '["1"]'],
    ['bigint', '["1","1","1"]'],
    ['bigint', '{}'],
    ['bigint', 'null'],
    ['time', '["9999999999999","1"]'],
    ['time', '["NaN","1"]'],
    ['text', '["\\u0000","1"]'],
    ['text', '["\\ud800","1"]']
  ]
  t.same(
    forged.filter(([value, json]) => parseCursor(forge(json), 'a b', { value, id: 'bigint' }) !== null),
    []
  )
})
