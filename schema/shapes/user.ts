import { Warnings } from './answers.ts'
import { listParameters, searchText, TIME_FROM, TIME_UNTIL } from './list.ts'
import { Id, PLAIN_TEXT, Time, VISIBLE_NAME } from './text.ts'
import { type Static, Type } from './type.ts'

/** `username` and `email`, as clients may send them. */
export const UserName = Type.String({
  minLength: 1,
  maxLength: 255,
  pattern: VISIBLE_NAME,
  examples: ['briskcanyon10']
})
export const UserEmail = Type.String({
  format: 'email',
  maxLength: 254,
  pattern: PLAIN_TEXT,
  examples: ['briskcanyon10@example.com']
})

export const User = Type.Object(
  {
    id: Id,
    username: Type.String({ examples: ['briskcanyon10'] }),
    email: Type.String({ examples: ['briskcanyon10@example.com'] }),
    created_at: Time,
    warnings: Warnings
  },
  { title: 'User' }
)
export const UserDraft = Type.Object({ username: UserName, email: UserEmail }, { title: 'UserDraft' })
export const UserChange = Type.Object(
  {
    username: Type.Optional(UserName),
    email: Type.Optional(UserEmail)
  },
  { title: 'UserChange' }
)

/** The sorts of a list of users. */
export const USER_SORTS = ['id', 'username', 'email', 'created_at'] as const

export const UserQuery = Type.Object({
  ...listParameters(USER_SORTS),
  q: searchText('Part of the username or the email address'),
  created_from: TIME_FROM,
  created_to: TIME_UNTIL
})

export type UserQuery = Static<typeof UserQuery>
export type User = Static<typeof User>
export type UserDraft = Static<typeof UserDraft>
export type UserChange = Static<typeof UserChange>
