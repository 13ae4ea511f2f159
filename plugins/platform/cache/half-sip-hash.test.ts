import t from 'tap'
import { halfSipHash } from './half-sip-hash.ts'

t.test('hashes as the reference does', async (t) => {
  // Linux, lib/siphash_kunit.c: the bytes 0, 1, 2, … in each length, here the even ones.
  const text = (bytes: number) =>
    Buffer.from(Array.from({ length: bytes }, (_, at) => at)).toString('utf16le')
  t.same(
    [0, 2, 4, 6, 8].map((bytes) => halfSipHash(text(bytes), [0x03020100, 0x07060504]) >>> 0),
    [0x5814c896, 0xbc4b0e30, 0x7e059ea6, 0xa0080b65, 0x577999b1]
  )
})

t.test('another key gives other hashes', async (t) => {
  t.not(halfSipHash('harbor', [1, 2]), halfSipHash('harbor', [1, 3]))
})
