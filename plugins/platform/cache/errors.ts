import { defineProblems } from '#platform/problem/problem.ts'

export const problems = defineProblems({
  LOOKUP_UNAVAILABLE: [
    503,
    'It can not be looked up now',
    'Send the request again after the seconds in Retry-After'
  ]
})
