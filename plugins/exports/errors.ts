import { defineProblems } from '#platform/problem/problem.ts'

export const problems = defineProblems({
  EXPORT_REFUSED: [
    403,
    'Only the user itself or an administrator may export it',
    'Use a key of this user, or one of an administrator'
  ]
})

export const exportRefused = () =>
  problems.EXPORT_REFUSED('Use a key of the user, or one of an administrator')
