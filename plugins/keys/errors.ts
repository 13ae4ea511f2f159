import { problems as general } from '#platform/problem/errors.ts'
import { defineProblems } from '#platform/problem/problem.ts'

export const problems = defineProblems({
  KEY_UNKNOWN: [404, 'No such key', 'List the keys with GET /keys'],
  KEY_REVOKED: [409, 'The key is revoked', 'Create another key'],
  KEY_OUTLIVES_CALLER: [
    403,
    'The key lasts longer than the key of the caller',
    'Rotate the key with a key that expires later, or never'
  ]
})

export const keyUnknown = (id: string) => problems.KEY_UNKNOWN(`There is no key ${id}`)

export const keyRevoked = (id: string) =>
  problems.KEY_REVOKED(`The key ${id} was revoked for good; create another`)

export const scopeBeyondRole = (scope: string, role: string) =>
  general.INPUT_INVALID(`The role ${role} can not have the scope ${scope}`, {
    errors: [{ path: 'scopes', message: 'has a scope that the role can not have' }]
  })

export const memberWithoutUser = () =>
  general.INPUT_INVALID('The key of a member needs the user whose links it reaches', {
    errors: [{ path: 'user_id', message: 'is required for a member' }]
  })

export const expiryPastMaker = (end: string) =>
  general.INPUT_INVALID(`A key that expires makes none that lasts longer: expires_at may be ${end} at most`, {
    errors: [{ path: 'expires_at', message: `must not be after ${end}, when your own key expires` }]
  })

export const keyOutlives = (id: string) =>
  problems.KEY_OUTLIVES_CALLER(
    `The key ${id} expires later than yours, so its new secret would outlive yours; rotate it with a key that lasts`
  )

export const expiryNotAhead = () =>
  general.INPUT_INVALID(
    'expires_at must be a time to come, such as 2030-01-01T00:00:00, and not past 9999-12-31T23:59:59 UTC',
    {
      errors: [{ path: 'expires_at', message: 'is not a time to come, up to 9999-12-31T23:59:59 UTC' }]
    }
  )
