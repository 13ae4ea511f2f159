import { defineProblems } from '#platform/problem/problem.ts'

export const problems = defineProblems({
  USER_UNKNOWN: [404, 'No such user', 'Check the id; a deleted user has none of the operations but erasure'],
  USER_TAKEN: [
    409,
    'The username or email is taken',
    'Choose the other `username` or `email` that `errors` names'
  ]
})

export const userUnknown = (id: number) => problems.USER_UNKNOWN(`There is no user ${id}`)

export const userTaken = (field: 'username' | 'email') =>
  problems.USER_TAKEN(`Another user has this ${field}; choose another`, {
    errors: [{ path: field, message: 'is taken' }]
  })
