import { randomInt } from 'node:crypto'
import { type HashKey, halfSipHash } from './half-sip-hash.ts'

/**
 * A hash table of entries that know their key. Among thousands of links each step of a look-up is a wait for memory, and
 * a `Map` takes twice as many: it walks through chains of entries and compares a key at each. Here the hashes lie side by side (open addressing with
 * linear probing; Knuth, The Art of Computer Programming, volume 3, section 6.4), so that only the entry itself is looked at
 * (docs/adr/2026-11-29-hash-table-for-cached-links.md).
 */
export interface StringTable<E extends { readonly key: string }> {
  readonly size: number
  get(key: string): E | undefined
  /** Puts an entry in, in place of the one that has the same key. */
  set(entry: E): void
  delete(key: string): void
}

const SMALLEST = 16

/** Share of the places that may be taken: fuller, and searches grow long. */
const FULLEST = 0.75

/** Makes an empty table, which grows as it needs to and hashes by a secret of its own: codes are chosen by those who make links. */
export function createStringTable<E extends { readonly key: string }>(): StringTable<E> {
  const secret: HashKey = [randomInt(2 ** 32), randomInt(2 ** 32)]
  let hashes = new Int32Array(SMALLEST)
  let entries = new Array<E | null>(SMALLEST).fill(null)
  let mask = SMALLEST - 1
  let size = 0

  /** Never 0, which marks a free place. */
  const hashOf = (key: string) => halfSipHash(key, secret) || 1

  /** The place of `key`, or the free one where it belongs. */
  function find(key: string, hash: number): number {
    let place = hash & mask
    for (;;) {
      const found = hashes[place]
      if (found === 0 || (found === hash && entries[place]?.key === key)) return place
      place = (place + 1) & mask
    }
  }

  function grow(): void {
    const before = { hashes, entries }
    const places = (mask + 1) * 2
    hashes = new Int32Array(places)
    entries = new Array<E | null>(places).fill(null)
    mask = places - 1
    for (const [at, entry] of before.entries.entries()) {
      if (entry === null) continue
      const hash = before.hashes[at] as number
      const place = find(entry.key, hash)
      hashes[place] = hash
      entries[place] = entry
    }
  }

  return {
    get size() {
      return size
    },
    get(key) {
      return entries[find(key, hashOf(key))] ?? undefined
    },
    set(entry) {
      const hash = hashOf(entry.key)
      let place = find(entry.key, hash)
      if (hashes[place] === 0) {
        size++
        if (size > (mask + 1) * FULLEST) {
          grow()
          place = find(entry.key, hash)
        }
      }
      hashes[place] = hash
      entries[place] = entry
    },
    delete(key) {
      let free = find(key, hashOf(key))
      if (hashes[free] === 0) return
      size--
      // Who stands further on because this place was taken moves up, or would not be found any more (Knuth, algorithm R).
      for (let place = (free + 1) & mask; hashes[place] !== 0; place = (place + 1) & mask) {
        const hash = hashes[place] as number
        const steps = (place - hash) & mask
        if (steps < ((place - free) & mask)) continue
        hashes[free] = hash
        entries[free] = entries[place] as E
        free = place
      }
      hashes[free] = 0
      entries[free] = null
    }
  }
}
