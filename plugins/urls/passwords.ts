import { randomBytes, randomInt, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'
import { passwordsBusy } from './errors.ts'

/** Passwords of links, as scrypt hashes in PHC strings. */

/**
 * 32 MiB and a tenth of a second. The database that holds the hashes holds the targets too, so a third of
 * what OWASP advises for accounts is enough (docs/adr/2026-12-01-passwords-of-links.md).
 */
const COST = { ln: 15, r: 8, p: 1 }
const SALT_BYTES = 16
const HASH_BYTES = 32

/** Each takes 32 MiB and most of a core, so more would slow redirects down. */
const MAX_RUNNING = 2

/** Longest queue of checks: the last one waits for up to two seconds, and a proxy for three. */
const MAX_WAITING = 8

export interface Passwords {
  /** Returns the PHC string of a password. */
  hash(password: string): Promise<string>
  /**
   * True if the password has this hash. `onTurn` runs after the wait in the queue, and may throw. Throws
   * PASSWORDS_BUSY while the queue of checks is full.
   */
  verify(password: string, phc: string, onTurn: () => void): Promise<boolean>
}

export function createPasswords(): Passwords {
  const hashes: (() => void)[] = []
  const checks: (() => void)[] = []
  let running = 0
  let isCheckNext = true

  async function run<T>(queue: (() => void)[], work: () => Promise<T>): Promise<T> {
    if (running >= MAX_RUNNING) {
      const { promise, resolve } = Promise.withResolvers<void>()
      queue.push(resolve)
      await promise
    } else running++
    try {
      return await work()
    } finally {
      // In turns: neither guesses nor new passwords keep the others out.
      const [first, second] = isCheckNext ? [checks, hashes] : [hashes, checks]
      isCheckNext = !isCheckNext
      const next = first.shift() ?? second.shift()
      if (next === undefined) running--
      else next()
    }
  }

  return {
    hash: (password) =>
      run(hashes, async () => {
        const salt = randomBytes(SALT_BYTES)
        return format({ ...COST, salt, hash: await derive(password, salt, HASH_BYTES, COST) })
      }),

    async verify(password, phc, onTurn) {
      if (checks.length >= MAX_WAITING) throw passwordsBusy()
      return run(checks, async () => {
        onTurn()
        const { salt, hash, ...cost } = parse(phc)
        return timingSafeEqual(hash, await derive(password, salt, hash.length, cost))
      })
    }
  }
}

/** Returns a number for a password that is set: cookies and cached links of the one before differ from it. */
export function drawVersion(): number {
  return randomInt(1, 2 ** 31)
}

type Cost = typeof COST

function derive(password: string, salt: Buffer, length: number, { ln, r, p }: Cost): Promise<Buffer> {
  // Keyboards compose the same letter in different ways (NIST SP 800-63B, section 3.1.1.2). Headers and
  // copied texts lose or gain outer spaces, which no password has.
  const text = password.trim().normalize('NFC')
  const options: ScryptOptions = { N: 2 ** ln, r, p, maxmem: 256 * r * (2 ** ln + p) }
  return new Promise((resolve, reject) => {
    scrypt(text, salt, length, options, (error, key) => (error ? reject(error) : resolve(key)))
  })
}

interface Phc extends Cost {
  salt: Buffer
  hash: Buffer
}

const encode = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '')

/** https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md */
function format({ ln, r, p, salt, hash }: Phc): string {
  return `$scrypt$ln=${ln},r=${r},p=${p}$${encode(salt)}$${encode(hash)}`
}

function parse(phc: string): Phc {
  const [, ln, r, p, salt, hash] =
    /^\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([A-Za-z\d+/]+)\$([A-Za-z\d+/]+)$/.exec(phc) ?? []
  if (salt === undefined || hash === undefined) throw new Error('A stored password is no scrypt hash')
  return {
    ln: Number(ln),
    r: Number(r),
    p: Number(p),
    salt: Buffer.from(salt, 'base64'),
    hash: Buffer.from(hash, 'base64')
  }
}
