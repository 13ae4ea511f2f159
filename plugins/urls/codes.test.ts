import fc from 'fast-check'
import t from 'tap'
import { createCandidates, createCode, isReservedCode, RESERVED_CODES } from './codes.ts'

t.test('a code has the given length and only base62 letters', async () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), (length) =>
      new RegExp(`^[0-9A-Za-z]{${length}}$`).test(createCode(length))
    )
  )
})

t.test('every letter is equally likely', async (t) => {
  // Every byte value once. After rejection sampling, each letter occurs equally often.
  let isDrawn = false
  const allBytes = () => {
    const bytes = isDrawn ? new Uint8Array(512).fill(0) : Uint8Array.from({ length: 256 }, (_, at) => at)
    isDrawn = true
    return bytes
  }
  const counts = new Map<string, number>()
  for (const letter of createCode(248, allBytes)) counts.set(letter, (counts.get(letter) ?? 0) + 1)
  t.equal(counts.size, 62)
  t.same(new Set(counts.values()), new Set([4]))
})

t.test('never gives a reserved word', async (t) => {
  // The first draw spells "s", which is reserved, the second "t".
  const draws = [54, 55]
  t.equal(
    createCode(1, () => Uint8Array.of(draws.shift() ?? 0)),
    't'
  )
})

t.test('candidates grow longer, so codes grow when the space is full', async (t) => {
  t.same(
    createCandidates(6).map((code) => code.length),
    [6, 6, 6, 7, 7, 8]
  )
})

t.test('a reserved word is reserved in any case', async (t) => {
  for (const word of RESERVED_CODES) t.ok(isReservedCode(word.toUpperCase()), word)
  t.notOk(isReservedCode('oWCnNk'))
})
