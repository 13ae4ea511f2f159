import { defineProblem } from '#platform/problem/problem.ts'

const invalid = defineProblem('INPUT_INVALID', 422, 'The input is not valid')

export const zoneUnknown = (tz: string) =>
  invalid(`There is no time zone ${tz}; name one such as Europe/Berlin`, {
    errors: [{ path: 'tz', message: 'is not a known time zone' }]
  })

export const rangeReversed = () =>
  invalid('from is later than to; swap them', { errors: [{ path: 'from', message: 'is later than to' }] })

export const rangeTooLong = (most: number) =>
  invalid(`The range has more than ${most} buckets; shorten it or take a larger unit`, {
    errors: [{ path: 'unit', message: `gives more than ${most} buckets` }]
  })

export const timeTooEarly = (path: 'from' | 'to') =>
  invalid(`${path} is before 1900; take one of the years 1900 to 9999`, {
    errors: [{ path, message: 'is before 1900; the years 1900 to 9999 are taken' }]
  })
