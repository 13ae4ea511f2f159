/** Numbers that look random and are the same for the same seed, so that each demo has the same links. */
export interface Random {
  /** From 0 to 1, without 1. */
  next(): number
  /** A whole number below `end`. */
  below(end: number): number
  pick<T>(items: readonly T[]): T
  /** Lowercase hexadecimal digits. */
  hex(digits: number): string
}

/** Mulberry32: 32 bits of state are enough for a demo. */
export function createRandom(seed: number): Random {
  let state = seed
  function next(): number {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (end: number) => Math.floor(next() * end)
  return {
    next,
    below,
    pick: (items) => items[below(items.length)] as (typeof items)[number],
    hex: (digits) => Array.from({ length: digits }, () => below(16).toString(16)).join('')
  }
}

/** Returns a function that picks items by their weights. */
export function weigh<T>(random: Random, items: readonly (readonly [T, number])[]): () => T {
  const sum = items.reduce((total, [, weight]) => total + weight, 0)
  return () => {
    let left = random.next() * sum
    const found = items.find(([, weight]) => {
      left -= weight
      return left < 0
    })
    return (found ?? items[0])?.[0] as T
  }
}
