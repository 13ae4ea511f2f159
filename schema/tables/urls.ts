import { type SQL, sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  jsonb,
  type PgColumn,
  pgTable,
  smallint,
  text,
  uniqueIndex
} from 'drizzle-orm/pg-core'
import { instant } from './instant.ts'

/**
 * Short links. Deleting sets `deleted_at`; the row, its code and its events remain. Each change increments
 * `version`, so that a cache fill read before a change can't replace one read after it. `user_id` has no
 * foreign key: imports contain links whose owner comes later or never.
 */
export const urls = pgTable(
  'urls',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedByDefaultAsIdentity(),
    userId: bigint('user_id', { mode: 'number' }),
    /** Host of the domain that has the code; empty for the default domain. */
    domain: text().notNull().default(''),
    /**
     * Unique without the domain until the next release: the previous release inserts `on conflict
     * (short_code)`.
     */
    shortCode: text('short_code').notNull().unique(),
    originalUrl: text('original_url').notNull(),
    title: text(),
    isActive: boolean('is_active').notNull().default(true),
    createdAt: instant('created_at', { precision: 0 }).notNull().default(sql`date_trunc('second', now())`),
    updatedAt: instant('updated_at', { precision: 0 }).notNull().default(sql`date_trunc('second', now())`),
    expiresAt: instant('expires_at', { precision: 0 }),
    deletedAt: instant('deleted_at', { precision: 0 }),
    note: text(),
    startsAt: instant('starts_at', { precision: 0 }),
    /** Where the link leads once it is expired or used up. */
    expiredUrl: text('expired_url'),
    redirectStatus: smallint('redirect_status').notNull().default(302),
    /** True if the query of a request goes on to the target. */
    forwardQuery: boolean('forward_query').notNull().default(false),
    /** The values of the UTM parameters that the target gets. */
    utm: jsonb().$type<Record<string, string>>(),
    /** In the order of the alphabet, each once. */
    tags: text().array().notNull().default([]),
    maxVisits: bigint('max_visits', { mode: 'number' }),
    /** Redirects given while the link had a limit. */
    visitsUsed: bigint('visits_used', { mode: 'number' }).notNull().default(0),
    /** Another number for each password; null without one. The password is in `url_passwords`. */
    passwordVersion: integer('password_version'),
    /**
     * The link that has this row's code as another one. Such a row is only a code, and its other columns say
     * nothing. Its id is negative, so no reader of links by id finds it. It has `deleted_at`, so that lists
     * leave it out and the previous release answers 404.
     */
    aliasOf: bigint('alias_of', { mode: 'number' }),
    /** Other codes of the link. Each has a row with `alias_of`, whose unique keys keep it exclusive. */
    aliases: text().array().notNull().default([]),
    /** The code in lower case, where the server ignores case. */
    foldedCode: text('folded_code'),
    /**
     * True for an active link that the previous release must not serve, because it ignores what restricts it.
     * That release reads `is_active`, which is then false. The next release may drop the column.
     */
    isGuarded: boolean('is_guarded').notNull().default(false),
    version: integer().notNull().default(1)
  },
  (table) => [
    check('urls_guarded', sql`not (${table.isActive} and ${table.isGuarded})`),
    uniqueIndex('urls_link_key').on(table.domain, table.shortCode),
    index('urls_user').on(table.userId, table.id),
    // The orders of sorted lists. drizzle/0014 also makes an index of trigrams of `searchedText`, where it
    // can.
    index('urls_created').on(table.createdAt, table.id).where(sql`${table.deletedAt} is null`),
    index('urls_updated').on(table.updatedAt, table.id).where(sql`${table.deletedAt} is null`),
    index('urls_title').on(titleOrder(table), table.id).where(sql`${table.deletedAt} is null`),
    index('urls_expires')
      .on(table.expiresAt, table.id)
      .where(sql`${table.expiresAt} is not null and ${table.deletedAt} is null`),
    // For searches of texts that have no trigrams.
    index('urls_special').using('gin', specialCharacters(table)),
    // Most links are active, so only this filter needs an index.
    index('urls_inactive').on(table.id).where(sql`not ${table.isActive} and ${table.deletedAt} is null`),
    // Of deleted links too, whose tags are renamed and merged like those of others.
    index('urls_tags').using('gin', table.tags).where(sql`${table.tags} <> '{}'`),
    index('urls_deleted')
      .on(table.id)
      .where(sql`${table.deletedAt} is not null and ${table.aliasOf} is null`),
    // The filters `state` and `has_password`: few links have these rules.
    index('urls_starts')
      .on(table.startsAt)
      .where(sql`${table.startsAt} is not null and ${table.deletedAt} is null`),
    index('urls_limited')
      .on(table.id)
      .where(sql`${table.maxVisits} is not null and ${table.deletedAt} is null`),
    index('urls_protected')
      .on(table.id)
      .where(sql`${table.passwordVersion} is not null and ${table.deletedAt} is null`),
    // Candidates for blocked links, see plugins/urls/blocked.ts.
    index('urls_odd').on(table.id).where(hasOddTarget(table)),
    index('urls_aliases').on(table.aliasOf).where(sql`${table.aliasOf} is not null`),
    // For `find_if_exists`. A target is longer than an index entry may be.
    index('urls_target').on(targetHash(table), table.id).where(sql`${table.deletedAt} is null`),
    uniqueIndex('urls_folded_key')
      .on(table.domain, table.foldedCode)
      .where(sql`${table.foldedCode} is not null`)
  ]
)

export type UrlRow = typeof urls.$inferSelect

/** A number by which links of one target are found. Targets of the same number may differ. */
export function targetHash({ originalUrl }: { originalUrl: PgColumn }): SQL {
  return sql`hashtextextended(${originalUrl}, 0)`
}

/** What a list sorts by for a title: its beginning, because an index entry is limited to 2,704 bytes. */
export function titleOrder({ title }: { title: PgColumn }): SQL {
  return sql`lower(left(${title}, 64) collate "C")`
}

type SearchedColumns = Record<'originalUrl' | 'title' | 'shortCode', PgColumn>

/** The text in which a search finds its candidates: target, title and code in ASCII lower case. */
export function searchedText(columns: SearchedColumns): SQL {
  const { originalUrl, title, shortCode } = columns
  return sql`lower((${originalUrl} || ' ' || coalesce(${title}, '') || ' ' || ${shortCode}) collate "C")`
}

/** The characters of target, title and code, without ASCII letters and digits: pg_trgm may know no others. */
export function specialCharacters({ originalUrl, title, shortCode }: SearchedColumns): SQL {
  const text = sql`(${originalUrl} || coalesce(${title}, '') || ${shortCode}) collate "C"`
  return sql`string_to_array(regexp_replace(${text}, '[A-Za-z0-9]+', '', 'g'), null)`
}

/**
 * True if a host of a link may be written otherwise than the block list writes it, or is not in
 * {@link searchedText}. Of plain ASCII hosts only the case differs; a last label that begins with a digit may
 * be an IPv4 address in another spelling.
 */
export function hasOddTarget({
  originalUrl,
  expiredUrl
}: Record<'originalUrl' | 'expiredUrl', PgColumn>): SQL {
  return sql`(${expiredUrl} is not null or ${originalUrl} !~* '^https?://([a-z0-9-]+[.])*[a-z][a-z0-9-]*[.]?(:[0-9]+)?([/?#]|$)')`
}
