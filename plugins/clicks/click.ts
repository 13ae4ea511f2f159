import { isUtf8 } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import { decodeLinkKey, encodeLinkKey } from '#schema/link-key.ts'
import type { Click, ClickDraft } from './contract.ts'

/** Clicks and batches of them: from the redirect, over the wire, to storage. */

/** A click in a batch: as a tuple, since names would be most of the bytes. */
export type Row = [
  urlId: number,
  userId: number | null,
  linkKey: string,
  at: number,
  isHead: 0 | 1,
  userAgent: string | null,
  referrer: string | null,
  visitor: string | null
]

/**
 * A batch of clicks. The id of click n is `id` with n in its last 16 bits. If `visits` has a name at index n,
 * the id derives from that name. `details` has more members of the event's details, by index. Workers of an
 * earlier release ignore `visits` or `details`, which they do not know.
 */
export interface Batch {
  id: string
  rows: Row[]
  visits?: (string | null)[]
  details?: Record<string, Record<string, string>>
}

const MAX_USER_AGENT = 256
const MAX_REFERRER = 512

/**
 * Maximum distance between a proxy's clock and ours. A day, so that a replica whose own clock is hours off
 * still agrees with the others on the id of a visit.
 */
const MAX_CLOCK_DISTANCE_MS = 86_400_000

/** A proxy's name of a visit: its time, and 72 random bits as hexadecimal digits. */
interface Visit {
  at: number
  name: string
}

/**
 * Returns the common part of a batch's ids: a UUIDv7 without its last four digits, which are the counter (RFC
 * 9562, section 6.2, method 1). The random bits are those of a UUIDv4, which Node draws many at a time.
 */
export function createBatchId(now: number): string {
  const time = now.toString(16).padStart(12, '0')
  const random = randomUUID()
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15, 32)}`
}

/**
 * Reads a visit's name as nginx writes it, `$msec-$request_id`: seconds with three decimals, and 32
 * hexadecimal digits. Returns null for any other text, or for an implausible time. The click then gets its
 * own time and id.
 */
export function readVisit(text: string, now: number): Visit | null {
  const [, seconds, ms, name] = /^(\d{10})\.(\d{3})-([0-9a-f]{18})[0-9a-f]{14}$/.exec(text) ?? []
  if (name === undefined) return null
  const at = Number(`${seconds}${ms}`)
  return Math.abs(at - now) <= MAX_CLOCK_DISTANCE_MS ? { at, name } : null
}

/** Returns the UUIDv7 of a visit, the same in every replica. */
function visitId(at: number, name: string): string {
  const time = at.toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${name.slice(0, 3)}-8${name.slice(3, 6)}-${name.slice(6)}`
}

/** Returns the tuple of a draft. `visitor` is its hash, or null. */
export function toRow(draft: ClickDraft, at: number, visitor: string | null): Row {
  const { urlId, userId, domain, shortCode, method, userAgent, referrer } = draft
  return [
    urlId,
    userId,
    encodeLinkKey({ domain, code: shortCode }),
    at,
    method === 'HEAD' ? 1 : 0,
    userAgent === undefined ? null : userAgent.slice(0, MAX_USER_AGENT),
    referrer === undefined ? null : referrer.slice(0, MAX_REFERRER),
    visitor
  ]
}

/** Returns the clicks of a batch, each with its id. */
export function clicksOf({ id, rows, visits = [], details = {} }: Batch): Click[] {
  return rows.map(([urlId, userId, linkKey, at, isHead, userAgent, referrer, visitor], place) => {
    const { domain, code: shortCode } = decodeLinkKey(linkKey)
    const visit = visits[place] ?? null
    return {
      id: visit === null ? id + place.toString(16).padStart(4, '0') : visitId(at, visit),
      urlId,
      userId,
      domain,
      shortCode,
      at,
      method: isHead ? 'HEAD' : 'GET',
      userAgent: userAgent && decodeHeader(userAgent, MAX_USER_AGENT),
      referrer: referrer && decodeHeader(referrer, MAX_REFERRER),
      visitor,
      details: details[place] ?? null
    }
  })
}

/**
 * Decodes a header that Node read as Latin-1 and that was cut at `limit` bytes. The result is UTF-8 if the
 * bytes are valid UTF-8, as some browsers send, else Latin-1. It runs when clicks are stored, not during
 * redirects.
 */
function decodeHeader(text: string, limit: number): string {
  if (!/[\x80-\xff]/.test(text)) return text
  const bytes = Buffer.from(text, 'latin1')
  // The cut may be within a character of up to four bytes.
  for (let lost = 0; lost <= (text.length < limit ? 0 : 3); lost++) {
    const whole = bytes.subarray(0, bytes.length - lost)
    if (isUtf8(whole)) return whole.toString('utf8')
  }
  return text
}

/** Reads a batch from its JSON. Throws for any other text. */
export function decodeBatch(text: string): Batch {
  const { id, rows, visits = [], details = {} } = JSON.parse(text) as Batch
  const isBatch =
    typeof id === 'string' &&
    /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{8}$/.test(id) &&
    Array.isArray(rows) &&
    Array.isArray(visits) &&
    isObject(details)
  if (!isBatch || !rows.every(isRow) || !visits.every(isVisit) || !Object.values(details).every(isDetails))
    throw new Error('not a batch of clicks')
  return { id, rows, visits, details }
}

function isVisit(visit: unknown): boolean {
  return visit === null || (typeof visit === 'string' && /^[0-9a-f]{18}$/.test(visit))
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isDetails(details: unknown): boolean {
  return isObject(details) && Object.values(details).every((value) => typeof value === 'string')
}

function isRow(row: unknown): boolean {
  if (!Array.isArray(row) || row.length !== 8) return false
  const [urlId, userId, linkKey, at, , userAgent, referrer, visitor] = row as Row
  return (
    Number.isSafeInteger(urlId) &&
    (userId === null || Number.isSafeInteger(userId)) &&
    typeof linkKey === 'string' &&
    Number.isFinite(at) &&
    (userAgent === null || typeof userAgent === 'string') &&
    (referrer === null || typeof referrer === 'string') &&
    (visitor === null || typeof visitor === 'string')
  )
}
