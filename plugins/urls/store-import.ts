import type { ClientBase } from 'pg'
import type { ImportColumn, ImportKind, Remark } from '#plugins/imports/contract.ts'
import { isTagName, MAX_TAG_LENGTH, MAX_TAGS, toTagNames } from '#schema/shapes/tag.ts'
import { lengthLimit } from '#schema/shapes/text.ts'
import type { TSchema } from '#schema/shapes/type.ts'
import { isTargetUrl, REDIRECT_STATUSES, UrlDraft } from '#schema/shapes/url.ts'
import { isCode } from '#schema/shapes/url-codes.ts'
import { UTM_NAMES } from '#schema/shapes/utm.ts'
import { RESERVED_CODES } from './codes.ts'
import { FIELDS } from './fields.ts'
import { RESTRICTED } from './guard.ts'
import type { FieldName, LinkField } from './link-field.ts'
import { foldingOf } from './store-fold.ts'
import { ALIAS_INSERTION, leaveTakenAliases, readAliases } from './store-import-aliases.ts'

/** Imports links. */

export interface UrlImportOptions {
  /** URL schemes that targets may have, in lower case. */
  schemes: readonly string[]
  /** True if a URL has a blocked host. */
  blocks(url: string): boolean
  /** Returns a random code; `attempt` counts the failed attempts from 0. */
  createCode(attempt: number): string
  /** True if the server ignores the case of codes. */
  isFolded: boolean
  /** Removes unknown codes from the caches, so that they are looked up again. */
  forgetUnknown(): Promise<void>
}

export function createUrlImport(options: UrlImportOptions): ImportKind {
  const columns = [...createColumns(options), HAS_PASSWORD]
  const isSame = 'present.short_code = staging.short_code'
  return {
    name: 'urls',
    columns,
    knownBy: 'short_code',
    isSame,
    finds: isSame,
    // The code alone may belong to another link.
    isFound: `${isSame} AND present.original_url = staging.original_url`,
    onStored: options.forgetUnknown,

    /** Rejects links whose code another link has. A code has one target. */
    async merge(client, { hasGaps }) {
      if (hasGaps) await fillGaps(client, options)
      const rejected = [...(await refuseReversed(client)), ...(await refuseTaken(client))]
      const leftOut = await leaveTakenAliases(client)
      await client.query(INSERTION)
      await client.query(ALIAS_INSERTION)
      if (options.isFolded)
        await client.query(
          foldingOf('id IN (SELECT id FROM staging) OR alias_of IN (SELECT id FROM staging)')
        )
      const hidden = options.isFolded ? await findUnfolded(client) : []
      return { rejected, warnings: [...leftOut, ...hidden, ...(await findReserved(client))] }
    }
  }
}

/** Answers of the API have it instead of the version. */
const HAS_PASSWORD: ImportColumn = { name: 'has_password', type: 'boolean', isExtra: true, isInputOnly: true }

/** Closes a link that had a password until it gets a new one. */
const PASSWORD_VERSION = 'coalesce(password_version, CASE WHEN has_password THEN 1 END)'

/**
 * Imports contain targets that another system accepted. Only the rules that every server must enforce apply.
 */
function createColumns({ schemes, blocks }: UrlImportOptions): ImportColumn[] {
  const checks: Partial<Record<FieldName, (value: string) => string | null>> = {
    short_code: (code) => (isCode(code) ? null : 'is not 1 to 64 of letters, digits, - and _'),
    original_url: refuseTarget,
    expired_url: refuseTarget,
    redirect_status: (status) =>
      REDIRECT_STATUSES.some((known) => String(known) === status) ? null : `is none of ${REDIRECT_STATUSES}`,
    utm: refuseUtm,
    password_version: (version) => (Number(version) < 2 ** 31 ? null : 'is no version of a password')
  }
  function refuseTarget(url: string): string | null {
    if (!isTargetUrl(url, schemes)) return `is not an absolute URL without spaces (${schemes.join(', ')})`
    return blocks(url) ? 'leads to a host that is blocked' : null
  }
  const shapes = UrlDraft.properties as Partial<Record<FieldName, TSchema>>
  return FIELDS.flatMap(({ name, type, initial, file }) => {
    if (file === undefined) return []
    const [refuse, shape] = [checks[name], shapes[name]]
    const stored = STORED_VALUES[name]
    const usual = initial === undefined ? undefined : literal(initial)
    const given = { name, type, ...(stored && { stored }), ...(usual && { usual }), ...file }
    if (name === 'is_active') return { ...given, value: '(is_active OR is_guarded)' }
    if (name === 'tags') return { ...given, readItems: readTags }
    if (name === 'aliases') return { ...given, readItems: readAliases }
    return { ...given, ...(shape && { maxLength: lengthLimit(shape) }), ...(refuse && { refuse }) }
  })
}

/** Removes staged links that end before they start. */
async function refuseReversed(client: ClientBase): Promise<Remark[]> {
  const { rows } = await client.query<{ line: string }>(
    'DELETE FROM staging WHERE starts_at >= expires_at RETURNING line'
  )
  return rows.map(({ line }) => ({ line: Number(line), reason: 'starts_at is not before expires_at' }))
}

/** Removes staged links whose code another link has, in the database or earlier in the file. */
async function refuseTaken(client: ClientBase): Promise<Remark[]> {
  const { rows } = await client.query<{ line: string; short_code: string; holder: string }>(`
    WITH judged AS (
      SELECT staging.line, coalesce(urls.alias_of, urls.id, nullif(first_value(staging.id) OVER codes, staging.id)) AS holder
      FROM staging
      LEFT JOIN urls ON urls.short_code = staging.short_code
      WINDOW codes AS (PARTITION BY staging.short_code ORDER BY staging.line)
    )
    DELETE FROM staging USING judged
    WHERE judged.line = staging.line AND judged.holder IS NOT NULL
    RETURNING staging.line, staging.short_code, judged.holder`)
  return rows.map(({ line, short_code, holder }) => ({
    line: Number(line),
    reason: `short_code ${short_code} is already url ${holder}'s`
  }))
}

/** Values in files that are not those of their columns. */
const STORED_VALUES: Partial<Record<FieldName, string>> = {
  // A text that begins with a bracket is read as JSON.
  tags: "CASE WHEN tags[1] LIKE '[%' THEN to_jsonb(tags)::text ELSE nullif(array_to_string(tags, '|'), '') END"
}

const literal = (initial: LinkField['initial']) => (Array.isArray(initial) ? "'{}'" : String(initial))

function readTags(items: string[]): string[] | string {
  const names = toTagNames(items)
  const wrong = names.find((name) => !isTagName(name))
  if (wrong !== undefined) return `holds "${wrong}", which is no tag of 1 to ${MAX_TAG_LENGTH} characters`
  return names.length > MAX_TAGS ? `holds more than ${MAX_TAGS} tags` : names
}

const UTM_VALUE = /^[^\0\uD800-\uDFFF]{1,256}$/u

function refuseUtm(json: string): string | null {
  const known = Object.entries(JSON.parse(json)).every(
    ([name, value]) =>
      UTM_NAMES.some((utm) => utm === name) && typeof value === 'string' && UTM_VALUE.test(value)
  )
  return known ? null : `has other members than texts of 1 to 256 characters named ${UTM_NAMES}`
}

const INITIAL = FIELDS.flatMap(({ name, initial, file }) =>
  initial === undefined || !file?.isMade ? [] : `${name} = coalesce(${name}, ${literal(initial)})`
)

const STORED = FIELDS.filter(({ file }) => file !== undefined)

const IS_RESTRICTED = `${RESTRICTED} OR has_password IS TRUE`

/** Inserts the staged links, guarded as in guard.ts. */
const INSERTION = `INSERT INTO urls (${STORED.map(({ name }) => name)}, is_guarded)
  SELECT ${STORED.map(expressStaged)}, is_active AND (${IS_RESTRICTED}) FROM staging`

function expressStaged({ name, initial, file }: LinkField): string {
  if (name === 'is_active') return `is_active AND NOT (${IS_RESTRICTED})`
  if (name === 'password_version') return PASSWORD_VERSION
  return initial === undefined || file?.isMade ? name : `coalesce(${name}, ${literal(initial)})`
}

/** Fills the missing values of staged links. A missing time is copied from the other one. */
async function fillGaps(client: ClientBase, options: UrlImportOptions): Promise<void> {
  await client.query(`UPDATE staging SET ${INITIAL.join(', ')},
    created_at = coalesce(created_at, updated_at, date_trunc('second', now())),
    updated_at = coalesce(updated_at, created_at, date_trunc('second', now()))`)
  await fillCodes(client, options)
}

async function fillCodes(client: ClientBase, { createCode }: UrlImportOptions): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const { rows } = await client.query<{ line: string }>('SELECT line FROM staging WHERE short_code IS NULL')
    if (rows.length === 0) return
    await client.query(
      `WITH made AS (
         SELECT DISTINCT ON (code) line, code FROM unnest($1::bigint[], $2::text[]) AS made(line, code)
         WHERE NOT EXISTS (SELECT FROM urls WHERE short_code = code)
           AND NOT EXISTS (SELECT FROM urls WHERE domain = '' AND folded_code = code)
           AND NOT EXISTS (SELECT FROM staging WHERE short_code = code)
       )
       UPDATE staging SET short_code = code FROM made WHERE staging.line = made.line`,
      [rows.map(({ line }) => line), rows.map(() => createCode(attempt))]
    )
  }
}

/** Names the codes of staged links that lookups do not find, because another link has their folded code. */
async function findUnfolded(client: ClientBase): Promise<Remark[]> {
  const { rows } = await client.query<{ line: string; short_code: string }>(`
    SELECT line, urls.short_code FROM staging JOIN urls ON urls.id = staging.id WHERE folded_code IS NULL
    UNION ALL
    SELECT line, urls.short_code FROM staging JOIN urls ON urls.alias_of = staging.id WHERE folded_code IS NULL
    ORDER BY line LIMIT 1000`)
  return rows.map(({ line, short_code }) => ({
    line: Number(line),
    reason: `${short_code} differs only by case from the code of another url, which visitors reach by it`
  }))
}

async function findReserved(client: ClientBase): Promise<Remark[]> {
  const { rows } = await client.query<{ line: string; short_code: string }>(
    'SELECT line, short_code FROM staging WHERE lower(short_code) = ANY($1::text[]) ORDER BY line LIMIT 1000',
    [[...RESERVED_CODES]]
  )
  return rows.map(({ line, short_code }) => ({
    line: Number(line),
    reason: `short_code ${short_code} is a word of the server's own addresses: the link is at /s/${short_code}`
  }))
}
