import { hash } from 'node:crypto'
import { createBoundedCache } from '#platform/async/bounded-cache.ts'
import type { SaltProvider } from './contract.ts'

/** Number of recent visitors whose hashes are cached: a visitor that follows several links is hashed once. */
const REMEMBERED = 10_000
/** Longest user agent in the cache: a request head may have one of 16 KiB. */
const MAX_REMEMBERED = 512

/**
 * Creates a function that names a visitor: 60 bits of SHA-256 over the day's secret salt, the IP address and
 * the user agent. The salt is deleted after its day; then no name can be linked to an IP address.
 */
export function createVisitorNames(
  salt: SaltProvider
): (ip: string, userAgent: string | undefined) => string | null {
  const names = createBoundedCache<string>('visitors', REMEMBERED)
  let lastSalt: Buffer | null = null
  let secret = ''
  return (ip, userAgent = '') => {
    const current = salt()
    if (current === null) return null
    if (current !== lastSalt) {
      lastSalt = current
      secret = current.toString('hex')
      names.clear()
    }
    const person = `${ip}\n${userAgent}`
    let name = names.get(person)
    if (name === undefined) {
      name = hash('sha256', `${secret}\n${person}`, 'hex').slice(0, 15)
      if (userAgent.length <= MAX_REMEMBERED) names.set(person, name)
    }
    return name
  }
}
