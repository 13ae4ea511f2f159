import { defineProblem } from '#platform/problem/problem.ts'

const unknown = defineProblem('USER_UNKNOWN', 404, 'No such user')
const taken = defineProblem('USER_TAKEN', 409, 'The username or email is taken')

export const userUnknown = (id: number) => unknown(`There is no user ${id}`)

export const userTaken = (field: 'username' | 'email') =>
  taken(`Another user has this ${field}; choose another`, { errors: [{ path: field, message: 'is taken' }] })
