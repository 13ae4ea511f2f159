import fc from 'fast-check'
import t from 'tap'
import { type CodeOptions, createCodes, isReservedCode, RESERVED_CODES } from './codes.ts'

const codesOf = (options: Partial<CodeOptions> = {}) =>
  createCodes({ length: 6, style: 'base62', isCaseSensitive: true, reserved: [], ...options })

t.test('a code has the given length and only base62 letters', async () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), (length) =>
      new RegExp(`^[0-9A-Za-z]{${length}}$`).test(codesOf().create(length))
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
  for (const letter of codesOf({ random: allBytes }).create(248))
    counts.set(letter, (counts.get(letter) ?? 0) + 1)
  t.equal(counts.size, 62)
  t.same(new Set(counts.values()), new Set([4]))
})

t.test('never gives a reserved word', async (t) => {
  // The first draw spells "s", which is reserved, the second "t".
  const draws = [54, 55]
  t.equal(codesOf({ random: () => Uint8Array.of(draws.shift() ?? 0) }).create(1), 't')
  const [x, y] = [59, 60]
  const more = [x, y]
  t.equal(codesOf({ random: () => Uint8Array.of(more.shift() ?? 0), reserved: ['X'] }).create(1), 'y')
})

t.test('candidates grow longer, so codes grow when the space is full', async (t) => {
  t.same(
    codesOf()
      .createCandidates()
      .map((code) => code.length),
    [6, 6, 6, 7, 7, 8]
  )
})

t.test('a reserved word is reserved in any case', async (t) => {
  for (const word of RESERVED_CODES) t.ok(isReservedCode(word.toUpperCase()), word)
  t.notOk(isReservedCode('oWCnNk'))
})

t.test('readable codes have no letters that look like others', async (t) => {
  const allBytes = () => Uint8Array.from({ length: 256 }, (_, at) => at)
  const lettersOf = (options: Partial<CodeOptions>) =>
    [...new Set(codesOf({ random: allBytes, ...options }).create(248))].sort().join('')
  t.equal(lettersOf({ style: 'readable' }), '23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz')
  const ignored = { isCaseSensitive: false }
  t.equal(lettersOf(ignored), '0123456789abcdefghijklmnopqrstuvwxyz', 'capitals say nothing')
  t.notMatch(lettersOf({ ...ignored, style: 'readable' }), /[A-Z01l]/)
})
