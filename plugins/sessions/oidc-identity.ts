import { foldIdentity, isPlainIdentity } from '#platform/database/folding.ts'
import type { Role } from '#schema/shapes/key.ts'
import { emailConfusable, emailUnverified, roleMissing } from './errors.ts'
import type { Claims, OidcOptions } from './oidc-client.ts'

/** Who somebody is here, by what the provider says of them. */
export interface Identity {
  email: string
  role: Role
}

/** From the most that a role may do to the least. */
const BY_RANK: readonly Role[] = ['admin', 'member', 'read-only']

/**
 * Reads the claims of who signed in. Only an address that the provider has verified counts: else anybody could register there with
 * somebody else's. One with other characters than visible ASCII is refused: it may look or fold like another. Throws
 * SIGN_IN_REFUSED.
 */
export function readIdentity(
  claims: Claims,
  { roleClaim, admins }: Pick<OidcOptions, 'roleClaim' | 'admins'>
): Identity {
  const { email, email_verified: isVerified } = claims
  if (typeof email !== 'string' || email === '' || isVerified !== true) throw emailUnverified()
  if (!isPlainIdentity(email)) throw emailConfusable()
  if (admins.includes(foldIdentity(email))) return { email, role: 'admin' }
  if (roleClaim === undefined) return { email, role: 'member' }
  const words: unknown[] = [claims[roleClaim]].flat()
  const role = BY_RANK.find((one) => words.includes(one))
  if (role === undefined) throw roleMissing()
  return { email, role }
}
