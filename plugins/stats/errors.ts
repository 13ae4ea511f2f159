import { problems as general } from '#platform/problem/errors.ts'

export const zoneUnknown = (tz: string) =>
  general.INPUT_INVALID(`There is no time zone ${tz}; name one such as Europe/Berlin`, {
    errors: [{ path: 'tz', message: 'is not a known time zone' }]
  })

export const rangeReversed = () =>
  general.INPUT_INVALID('from is later than to; swap them', {
    errors: [{ path: 'from', message: 'is later than to' }]
  })

export const rangeTooLong = (most: number) =>
  general.INPUT_INVALID(`The range has more than ${most} buckets; shorten it or take a larger unit`, {
    errors: [{ path: 'unit', message: `gives more than ${most} buckets` }]
  })

export const timeTooEarly = (path: 'from' | 'to') =>
  general.INPUT_INVALID(`${path} is before 1900; take one of the years 1900 to 9999`, {
    errors: [{ path, message: 'is before 1900; the years 1900 to 9999 are taken' }]
  })
