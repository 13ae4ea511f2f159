import { defineProblems } from '#platform/problem/problem.ts'

export const problems = defineProblems({
  DASHBOARD_UNBUILT: [
    503,
    'The dashboard has no build',
    'Start the server with `npm start`, which builds the dashboard, and read its first lines; the API works without it'
  ]
})
