import { foldIdentity, isPlainIdentity } from '#platform/database/folding.ts'
import type { Role } from '#schema/shapes/key.ts'
import { emailConfusable, emailUnverified, roleMissing } from './errors.ts'
import type { Claims, OidcOptions } from './oidc-client.ts'

/** The identity of a user here, derived from the provider's claims. */
export interface Identity {
  email: string
  role: Role
}

/** From the most powerful role to the least. */
const BY_RANK: readonly Role[] = ['admin', 'member', 'read-only']

/**
 * Reads the claims of a user. It accepts verified addresses only; otherwise users could register at the
 * provider with the address of another person. It rejects addresses with characters other than visible ASCII,
 * because they may look or fold like another address. Throws SIGN_IN_REFUSED.
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
