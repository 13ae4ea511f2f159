/** The secret key of a {@link halfSipHash}: two words of 32 bits. */
export type HashKey = readonly [number, number]

/**
 * HalfSipHash-1-3 (Aumasson and Bernstein; as Linux has it for its tables) of a text in UTF-16LE, as a signed integer of 32 bits. Who does not
 * know `key` can't choose texts whose hashes meet.
 */
export function halfSipHash(text: string, key: HashKey): number {
  let v0 = key[0] | 0
  let v1 = key[1] | 0
  let v2 = 0x6c796765 ^ v0
  let v3 = 0x74656462 ^ v1
  const { length } = text
  // A word is two units; the last has the number of bytes in front. Three empty rounds follow.
  const words = (length >>> 1) + 1
  for (let at = 0; at < words + 3; at++) {
    let word = 0
    if (at < words - 1) word = text.charCodeAt(at * 2) | (text.charCodeAt(at * 2 + 1) << 16)
    else if (at === words - 1) word = (length << 25) | (length & 1 ? text.charCodeAt(length - 1) : 0)
    else if (at === words) v2 ^= 0xff
    v3 ^= word
    v0 = (v0 + v1) | 0
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0
    v0 = (v0 << 16) | (v0 >>> 16)
    v2 = (v2 + v3) | 0
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2
    v0 = (v0 + v3) | 0
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0
    v2 = (v2 + v1) | 0
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2
    v2 = (v2 << 16) | (v2 >>> 16)
    v0 ^= word
  }
  return v1 ^ v3
}
