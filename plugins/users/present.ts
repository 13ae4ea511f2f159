import { hash } from 'node:crypto'
import { VERSION, type Versioned } from '#platform/http/conditional.ts'
import { wireTime } from '#schema/shapes/text.ts'
import type { User } from '#schema/shapes/user.ts'
import type { UserRow } from '#schema/tables/users.ts'

export function present({ id, username, email, createdAt }: UserRow): User {
  return { id, username, email, created_at: wireTime(createdAt) }
}

/** The version of a user is a hash of its values, because rows have no counter. */
export function versionOf({ username, email, created_at }: User): string {
  return hash('sha1', JSON.stringify([username, email, created_at]), 'base64url')
}

export function withVersion(user: User): Versioned<User> {
  return { ...user, [VERSION]: versionOf(user) }
}
