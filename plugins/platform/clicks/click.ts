import { randomUUID } from 'node:crypto'

/** Clicks and batches of them: what a redirect hands over, what is sent on, what is stored. */

/** What a redirect knows of a click. The address only serves to tell visitors apart and goes no further. */
export interface ClickDraft {
  urlId: number
  userId: number | null
  shortCode: string
  method: 'GET' | 'HEAD'
  /** Null for a visitor who is not to be told from others. */
  ip: string | null
  userAgent: string | undefined
  referrer: string | undefined
}

/** A click as it is stored. */
export interface Click {
  /** UUIDv7 (RFC 9562): storing a click twice under one id stores it once. */
  id: string
  urlId: number
  userId: number | null
  shortCode: string
  /** Milliseconds since the epoch. */
  at: number
  method: 'GET' | 'HEAD'
  userAgent: string | null
  referrer: string | null
  /** A daily salted hash that tells visitors of one day apart; null without a salt, and for who opted out. */
  visitor: string | null
}

/** A click in a batch: as a tuple, since names would be most of the bytes. */
type Row = [
  urlId: number,
  userId: number | null,
  shortCode: string,
  at: number,
  isHead: 0 | 1,
  userAgent: string | null,
  referrer: string | null,
  visitor: string | null
]

/** Clicks that travel together. The id of click n is `id` with n in its last 16 bits. */
export interface Batch {
  id: string
  rows: Row[]
}

/** Most clicks of one batch: what the counter in an id can tell apart. */
export const MAX_BATCH_ROWS = 65_536

const MAX_USER_AGENT = 256
const MAX_REFERRER = 512

/**
 * The common part of a batch's ids: a UUIDv7 without its last four digits, which are the counter (RFC 9562,
 * section 6.2, method 1). The random bits are those of a UUIDv4, which Node draws many at a time.
 */
export function createBatchId(now: number): string {
  const time = now.toString(16).padStart(12, '0')
  const random = randomUUID()
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15, 32)}`
}

/** The tuple of a draft. `visitor` is its hash, or null. */
export function toRow(draft: ClickDraft, at: number, visitor: string | null): Row {
  const { urlId, userId, shortCode, method, userAgent, referrer } = draft
  return [
    urlId,
    userId,
    shortCode,
    at,
    method === 'HEAD' ? 1 : 0,
    userAgent === undefined ? null : userAgent.slice(0, MAX_USER_AGENT),
    referrer === undefined ? null : referrer.slice(0, MAX_REFERRER),
    visitor
  ]
}

/** The clicks of a batch, each with its id. */
export function clicksOf({ id, rows }: Batch): Click[] {
  return rows.map(([urlId, userId, shortCode, at, isHead, userAgent, referrer, visitor], place) => ({
    id: id + place.toString(16).padStart(4, '0'),
    urlId,
    userId,
    shortCode,
    at,
    method: isHead ? 'HEAD' : 'GET',
    userAgent,
    referrer,
    visitor
  }))
}

export function encodeBatch(batch: Batch): string {
  return JSON.stringify(batch)
}

/** Reads what {@link encodeBatch} wrote; throws when it is something else. */
export function decodeBatch(text: string): Batch {
  const { id, rows } = JSON.parse(text) as Batch
  const isBatch =
    typeof id === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{8}$/.test(id) && Array.isArray(rows)
  if (!isBatch || !rows.every(isRow)) throw new Error('not a batch of clicks')
  return { id, rows }
}

function isRow(row: unknown): boolean {
  if (!Array.isArray(row) || row.length !== 8) return false
  const [urlId, userId, shortCode, at, , userAgent, referrer, visitor] = row as Row
  return (
    Number.isSafeInteger(urlId) &&
    (userId === null || Number.isSafeInteger(userId)) &&
    typeof shortCode === 'string' &&
    Number.isFinite(at) &&
    (userAgent === null || typeof userAgent === 'string') &&
    (referrer === null || typeof referrer === 'string') &&
    (visitor === null || typeof visitor === 'string')
  )
}
