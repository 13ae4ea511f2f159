import { problems as general } from '#platform/problem/errors.ts'
import { defineProblems } from '#platform/problem/problem.ts'

export const problems = defineProblems({
  EVENT_UNKNOWN: [404, 'No such event', 'Check the id. Events of links of others are unknown to a member'],
  REFERENCE_UNKNOWN: [
    404,
    'The event refers to what does not exist',
    'Create the link or the user first, or correct the field that `errors` names'
  ]
})

export const eventUnknown = (id: number) => problems.EVENT_UNKNOWN(`There is no event ${id}`)

export const urlMissing = (id: number) =>
  problems.REFERENCE_UNKNOWN(`There is no url ${id}`, {
    errors: [{ path: 'url_id', message: 'is not known' }]
  })

export const userMissing = (id: number) =>
  problems.REFERENCE_UNKNOWN(`There is no user ${id}`, {
    errors: [{ path: 'user_id', message: 'is not known' }]
  })

export const detailsTooLarge = (maxBytes: number) =>
  general.INPUT_INVALID(`details takes up to ${maxBytes} bytes of JSON (DETAILS_LIMIT_BYTES)`, {
    errors: [{ path: 'details', message: `must not take more than ${maxBytes} bytes as JSON` }]
  })
