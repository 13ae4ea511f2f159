import { defineProblem } from '#platform/problem.ts'

const unknown = defineProblem('EVENT_UNKNOWN', 404, 'No such event')
const referenceUnknown = defineProblem('REFERENCE_UNKNOWN', 404, 'The event refers to what does not exist')
const badRange = defineProblem('INPUT_INVALID', 422, 'The input is not valid')

export const eventUnknown = (id: number) => unknown(`There is no event ${id}`)

export const urlMissing = (id: number) =>
  referenceUnknown(`There is no url ${id}`, { errors: [{ path: 'url_id', message: 'is not known' }] })

export const userMissing = (id: number) =>
  referenceUnknown(`There is no user ${id}`, { errors: [{ path: 'user_id', message: 'is not known' }] })

export const rangeReversed = () =>
  badRange('since is later than until; swap them', {
    errors: [{ path: 'since', message: 'is later than until' }]
  })
