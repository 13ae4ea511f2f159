import { defineProblem } from '#platform/problem/problem.ts'

const unknown = defineProblem('EVENT_UNKNOWN', 404, 'No such event')
const referenceUnknown = defineProblem('REFERENCE_UNKNOWN', 404, 'The event refers to what does not exist')
const invalid = defineProblem('INPUT_INVALID', 422, 'The input is not valid')

export const eventUnknown = (id: number) => unknown(`There is no event ${id}`)

export const urlMissing = (id: number) =>
  referenceUnknown(`There is no url ${id}`, { errors: [{ path: 'url_id', message: 'is not known' }] })

export const userMissing = (id: number) =>
  referenceUnknown(`There is no user ${id}`, { errors: [{ path: 'user_id', message: 'is not known' }] })

export const detailsTooLarge = (maxBytes: number) =>
  invalid(`details takes up to ${maxBytes} bytes of JSON (DETAILS_LIMIT_BYTES)`, {
    errors: [{ path: 'details', message: `must not take more than ${maxBytes} bytes as JSON` }]
  })

export const rangeReversed = () =>
  invalid('since is later than until; swap them', {
    errors: [{ path: 'since', message: 'is later than until' }]
  })
