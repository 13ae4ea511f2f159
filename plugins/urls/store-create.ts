import { getTableColumns, type SQL, sql } from 'drizzle-orm'
import type { Executor } from '#platform/database/index.ts'
import { prepareQuery } from '#platform/database/prepared.ts'
import { type UrlRow, urls } from '#schema/tables/urls.ts'
import type { Codes } from './codes.ts'
import { type ChosenColumns, FIELDS } from './fields.ts'
import { guard, readGuarded } from './guard.ts'

/** The statement that creates a url. */

/** Parts of the creating statement that other capabilities supply. */
export interface CreationParts {
  /**
   * Locks the owner, whose id is the placeholder `ownerId`: a SELECT that returns a row if the owner exists.
   */
  users: { shareLock: SQL }
  events: { insertionOf(rows: SQL): SQL }
  audit: { insertion: { of(rows: SQL): SQL; values(): Record<string, unknown> } }
}

interface Creation {
  values: Omit<ChosenColumns, 'shortCode'>
  codes: string[]
  /** The id of the owner, null if it does not exist; undefined for a url without an owner. */
  ownerId: number | null | undefined
  /** The values for the audit log, besides the code. */
  audited: Record<string, unknown>
}

const SET = [
  ...FIELDS.filter(({ setOn, name }) => setOn !== undefined && name !== 'short_code').map(
    ({ column }) => [column, urls[column]] as const
  ),
  ['isGuarded', urls.isGuarded] as const
]

/**
 * Creates the function that inserts a url with its event and its audit entry, in one statement. It takes the
 * first free code of `codes`. It returns null if all are taken (a concurrent insert may take one), or if the
 * owner does not exist.
 */
export function createInsertion({ users, events, audit }: CreationParts, { isCaseSensitive, fold }: Codes) {
  /** The SQL of folded codes, where the server ignores case. */
  const folded = isCaseSensitive
    ? { column: sql``, value: sql``, values: sql``, name: sql``, isTaken: sql`` }
    : {
        column: sql`, folded_code`,
        value: sql`, candidate.folded`,
        values: sql`, ${sql.placeholder('folded')}::text[]`,
        name: sql`folded, `,
        isTaken: sql` or ${urls.foldedCode} = candidate.folded`
      }
  const insert = prepareQuery<UrlRow[]>('insert_url', (on, shape) => {
    const owner = shape.startsWith('owned') ? sql`, owner` : undefined
    const names = SET.map(([, { name }]) => sql.identifier(name))
    // A select does not infer the types of its parameters from the target of the insert.
    const given = SET.map(([key, column]) => sql`${sql.placeholder(key)}::${sql.raw(column.getSQLType())}`)
    const created = on.$with('created', getTableColumns(urls)).as(sql`
      insert into ${urls} (short_code, ${sql.join(names, sql`, `)}${folded.column})
      select candidate.code, ${sql.join(given, sql`, `)}${folded.value}
      from unnest(${sql.placeholder('codes')}::text[]${folded.values})
        with ordinality as candidate(code, ${folded.name}place)${owner}
      where not exists (select from ${urls}
        where ${urls.domain} = '' and (${urls.shortCode} = candidate.code${folded.isTaken}))
      order by candidate.place limit 1
      on conflict do nothing returning *`)
    const event = events.insertionOf(sql`
      select id, user_id, 'created', jsonb_build_object('short_code', short_code, 'original_url', original_url)
      from created`)
    const entry = audit.insertion.of(sql`
      select 'created', 'url', id::text, null::jsonb,
        ${sql.placeholder('audited')}::jsonb || jsonb_build_object('short_code', short_code) from created`)
    return on
      .with(
        ...(owner ? [on.$with('owner', {}).as(users.shareLock)] : []),
        created,
        on.$with('event', {}).as(event),
        on.$with('entry', {}).as(entry)
      )
      .select()
      .from(created)
  })
  return async (on: Executor, { values, codes, ownerId, audited }: Creation): Promise<UrlRow | null> => {
    const stored = { ...values, ...guard(values) }
    const columns = SET.map(([key, column]) => {
      const value = stored[key as keyof typeof stored]
      return [key, value === null ? null : column.mapToDriverValue(value)]
    })
    const more = {
      codes,
      folded: codes.map(fold),
      ownerId,
      audited: JSON.stringify(audited),
      ...audit.insertion.values()
    }
    const shape = `${ownerId === undefined ? '' : 'owned'}${isCaseSensitive ? '' : ' folded'}`
    const [row] = await insert(on, { ...Object.fromEntries(columns), ...more }, shape)
    return row === undefined ? null : readGuarded(row)
  }
}
