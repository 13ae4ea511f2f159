import { eq, sql } from 'drizzle-orm'
import type { Executor, SqlPart } from '#platform/database/index.ts'
import { type TagRow, tags } from '#schema/tables/tags.ts'

/** All SQL of the table of tags. Functions run on the given executor: the pool or a transaction. */

export interface ListedTag {
  name: string
  color: string | null
  links: number
}

interface TagPage {
  /** SELECT of `name` and `links` of the tags that links have. */
  counts: SqlPart
  /** Also lists tags without links. */
  withUnused: boolean
  /** A part of the names, or undefined. */
  part: string | undefined
  limit: number
  skip: number
}

/** Reads a page of the tags by name, and the number of all tags. */
export async function listTags(
  on: Executor,
  { counts, withUnused, part, limit, skip }: TagPage
): Promise<{ rows: ListedTag[]; total: number }> {
  const join = withUnused ? sql`full join` : sql`left join`
  const name = sql`coalesce(counted.name, ${tags.name})`
  const where = part === undefined ? sql`` : sql`where position(${part} in ${name}) > 0`
  const { rows } = await on.execute<{ rows: ListedTag[]; total: number }>(sql`
    with known as materialized (
      select ${name} as name, ${tags.color} as color, coalesce(counted.links, 0) as links
      from (${counts}) as counted ${join} ${tags} on ${tags.name} = counted.name ${where}
    )
    select (select count(*) from known)::int as total,
      (select coalesce(json_agg(page), '[]') from (
        select * from known order by name collate "C" limit ${limit} offset ${skip}
      ) as page) as rows`)
  return rows[0] ?? { rows: [], total: 0 }
}

/** Serialises changes of tags until the transaction ends. */
export async function lockTags(on: Executor): Promise<void> {
  await on.execute(sql`select pg_advisory_xact_lock(hashtext('fairlead.tags'))`)
}

export async function findTag(on: Executor, name: string): Promise<TagRow | null> {
  const [row] = await on.select().from(tags).where(eq(tags.name, name))
  return row ?? null
}

/** Stores a tag with its colour, new or not. */
export async function storeTag(on: Executor, name: string, color: string | null): Promise<void> {
  await on.insert(tags).values({ name, color }).onConflictDoUpdate({ target: tags.name, set: { color } })
}

export async function deleteTag(on: Executor, name: string): Promise<void> {
  await on.delete(tags).where(eq(tags.name, name))
}
