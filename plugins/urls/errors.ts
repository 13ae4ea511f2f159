import { TIME_RANGE } from '#platform/http/wire-time.ts'
import { problems as general } from '#platform/problem/errors.ts'
import { defineProblems } from '#platform/problem/problem.ts'
import { MAX_LOCATION_BYTES } from '#schema/shapes/location.ts'
import { MAX_ALIASES } from '#schema/shapes/url-codes.ts'

export const problems = defineProblems({
  URL_UNKNOWN: [
    404,
    'No such url',
    'Check the id. Deleted links, and links of others to a member, are unknown too'
  ],
  URL_CODE_TAKEN: [
    409,
    'The short code is taken',
    'Choose another `short_code` or alias, or send none to get a random one'
  ],
  URL_CODE_RESERVED: [
    422,
    'The short code is reserved',
    'Choose another `short_code` or alias: the server uses this word itself, or its settings reserve it'
  ],
  URL_CODES_EXHAUSTED: [
    503,
    'No free short code was found',
    'Send the request again; if it happens often, have CODE_LENGTH raised'
  ],
  PASSWORDS_BUSY: [
    503,
    'Too many passwords are being checked',
    'Send the request again after the seconds in Retry-After'
  ],
  URL_TRANSFER_REFUSED: [
    403,
    'Only administrators transfer links',
    'Ask an administrator to change `user_id`, or send it unchanged'
  ],
  URL_TARGET_REFUSED: [
    422,
    'The target is refused',
    'Choose another target. The server refuses blocked hosts, its own, and private ones if it is so configured'
  ]
})

export const urlUnknown = (id: number) => problems.URL_UNKNOWN(`There is no url ${id}`)

export const versionDiffers = (id: number, wanted: number, found: number | string) =>
  general.PRECONDITION_FAILED(
    `The url ${id} was changed by another request: it has version ${found}, not ${wanted}. Read it again and repeat the change`
  )

export const idRepeated = (at: number, first: number) =>
  general.INPUT_INVALID(`items.${at}.id is that of items.${first} too; name each url once`, {
    errors: [{ path: `items.${at}.id`, message: `is that of items.${first} too` }]
  })

export const codeTaken = (code: string, path = 'short_code') =>
  problems.URL_CODE_TAKEN(`The short code ${code} is taken; choose another, or none to get a random one`, {
    errors: [{ path, message: 'is taken' }]
  })

export const codeReserved = (code: string, path = 'short_code') =>
  problems.URL_CODE_RESERVED(`${code} is a reserved word; choose another code`, {
    errors: [{ path, message: 'is reserved' }]
  })

export const tooManyAliases = () =>
  general.INPUT_INVALID(
    `A link has at most ${MAX_ALIASES} aliases; remove one, or rename with keep_old_code: false`,
    { errors: [{ path: 'aliases', message: 'is one alias too many' }] }
  )

export const transferRefused = () =>
  problems.URL_TRANSFER_REFUSED('Only administrators may change user_id; send it unchanged or not at all', {
    errors: [{ path: 'user_id', message: 'may only be changed by administrators' }]
  })

export const targetRefused = (path: string, message: string) =>
  problems.URL_TARGET_REFUSED(`${path} ${message}; choose another target`, { errors: [{ path, message }] })

export const codesExhausted = () =>
  problems.URL_CODES_EXHAUSTED('Every random code tried was taken; try again, or raise CODE_LENGTH', {
    retryAfter: 1
  })

export const passwordsBusy = () =>
  problems.PASSWORDS_BUSY('Many visitors send passwords now: try again soon', {
    retryAfter: 2,
    isExpected: true
  })

export const tooManyPasswords = (most: number) =>
  general.INPUT_INVALID(`The items have more than ${most} different passwords; send fewer at a time`, {
    errors: [{ path: 'items', message: `have more than ${most} different passwords` }]
  })

export const findsNoPassword = () =>
  general.INPUT_INVALID('find_if_exists finds no links with a password; send one of the two', {
    errors: [{ path: 'find_if_exists', message: 'can not be sent with a password; leave one of them out' }]
  })

export const targetMissing = () =>
  general.INPUT_INVALID('url is required', { errors: [{ path: 'url', message: 'is required' }] })

export const targetsDiffer = () =>
  general.INPUT_INVALID('url and original_url are different targets; send one of them', {
    errors: [{ path: 'original_url', message: 'is another target than url' }]
  })

/** `path` is a field that the request sets. */
export const timesReversed = (path: 'starts_at' | 'expires_at') =>
  general.INPUT_INVALID('starts_at must be before expires_at; change one of them', {
    errors: [{ path, message: path === 'starts_at' ? 'is not before expires_at' : 'is not after starts_at' }]
  })

/** `path` is a field that the request sets. */
export const utmTooLong = (path: 'utm' | 'original_url') =>
  general.INPUT_INVALID(
    `original_url with its utm is longer than ${MAX_LOCATION_BYTES} bytes; shorten one of them`,
    { errors: [{ path, message: `makes the target with utm longer than ${MAX_LOCATION_BYTES} bytes` }] }
  )

export const timeUnreadable = (path: string) =>
  general.INPUT_INVALID(`${path} must be a time such as 2030-01-01T00:00:00, ${TIME_RANGE}`, {
    errors: [{ path, message: `is not a time ${TIME_RANGE}` }]
  })
