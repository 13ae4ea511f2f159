import { ensureInstallation } from '#platform/redis/installation.ts'
import type { UrlChange } from '#schema/shapes/url.ts'
import { tooManyPasswords } from './errors.ts'
import type { UrlService } from './service.ts'
import type { Parts } from './service-parts.ts'
import { findPassword } from './store-passwords.ts'

/** Each takes a tenth of a second. */
const MAX_DISTINCT = 20

/**
 * Returns the lookup of the hashes of the passwords that these changes set. It takes a while, so call it
 * outside transactions. Throws INPUT_INVALID for too many different ones.
 */
export async function hashAll(
  { passwords }: Pick<Parts, 'passwords'>,
  wanted: readonly UrlChange[]
): Promise<(password: string | null | undefined) => string | null> {
  const distinct = new Set(wanted.flatMap(({ password }) => password ?? []))
  if (distinct.size > MAX_DISTINCT) throw tooManyPasswords(MAX_DISTINCT)
  const hashes = new Map<string, string>()
  for (const password of distinct) hashes.set(password, await passwords.hash(password))
  return (password) => hashes.get(password ?? '') ?? null
}

export function createPasswordCheck({
  database,
  passwords
}: Parts): Pick<UrlService, 'checkPassword' | 'passwordSecret'> {
  return {
    passwordSecret: () => ensureInstallation(database.db),

    async checkPassword({ urlId, version, password }, onTurn) {
      const hash = await database.outside(() => findPassword(database.db, urlId, version))
      // Imported links have no password: files hold none.
      return hash !== null && (await passwords.verify(password, hash, onTurn))
    }
  }
}
