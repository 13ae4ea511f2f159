import { type ClientBase, escapeIdentifier } from 'pg'

/** The tables and sequences of a database, read from its catalogue. */

export interface Table {
  name: string
  /** In table order, without generated columns. */
  columns: string[]
  /** Names of its partitions, without the default one. */
  partitions: string[]
}

/** A sequence and the column that uses it. */
export interface Sequence {
  name: string
  table: string
  column: string
  /** The last value, in decimal digits; null if the sequence is unused. */
  last: string | null
}

/** The newest migration of a database, as drizzle-orm records it. */
export interface Revision {
  hash: string
  created_at: string
}

/** The SQL function, by table, that creates a missing partition for a given date. */
const PARTITION_MAKERS: Record<string, string> = {
  events: 'ensure_events_partition',
  url_visitors: 'ensure_visitors_partition'
}

/** All tables except those of extensions, ordered by name. */
export async function readTables(client: ClientBase): Promise<Table[]> {
  const { rows } = await client.query<Table>(`
    SELECT c.relname AS name,
      (SELECT array_agg(attname::text ORDER BY attnum) FROM pg_attribute
       WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = '') AS columns,
      (SELECT coalesce(array_agg(p.relname::text ORDER BY p.relname::text COLLATE "C"), '{}')
       FROM pg_inherits JOIN pg_class p ON p.oid = inhrelid
       WHERE inhparent = c.oid AND pg_get_expr(p.relpartbound, p.oid) <> 'DEFAULT') AS partitions
    FROM pg_class c
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = current_schema()::regnamespace
      AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = c.oid AND deptype = 'e')
    ORDER BY c.relname::text COLLATE "C"`)
  return rows
}

/** All sequences that columns use, ordered by name. */
export async function readSequences(client: ClientBase): Promise<Sequence[]> {
  const { rows } = await client.query<Sequence>(`
    SELECT s.relname AS name, t.relname AS table, a.attname AS column, pg_sequence_last_value(s.oid)::text AS last
    FROM pg_depend d
    JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
    JOIN pg_class t ON t.oid = d.refobjid AND NOT t.relispartition
    JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
      AND t.relnamespace = current_schema()::regnamespace
    ORDER BY s.relname::text COLLATE "C"`)
  return rows
}

/** The newest migration of the database. */
export async function readRevision(client: ClientBase): Promise<Revision> {
  const { rows } = await client.query<Revision>(
    'SELECT hash, created_at::text FROM drizzle.__drizzle_migrations ORDER BY created_at DESC LIMIT 1'
  )
  return rows[0] ?? { hash: '', created_at: '0' }
}

/** True if the database has the migration. */
export async function hasRevision(client: ClientBase, { hash, created_at }: Revision): Promise<boolean> {
  const { rowCount } = await client.query(
    'SELECT FROM drizzle.__drizzle_migrations WHERE hash = $1 AND created_at = $2',
    [hash, created_at]
  )
  return rowCount !== 0
}

/** Creates missing partitions. The name of a partition ends in its month or day. */
export async function ensurePartitions(client: ClientBase, { name, partitions }: Table): Promise<void> {
  for (const partition of partitions) {
    const [, year, month, day = '01'] = /_(\d{4})_(\d\d)(?:_(\d\d))?$/.exec(partition) ?? []
    const maker = PARTITION_MAKERS[name]
    if (maker && year) await client.query(`SELECT ${maker}($1)`, [`${year}-${month}-${day}`])
  }
}

/** `COPY` of a table's columns out of the database, in text format. */
export function copyOut({ name, columns }: Table): string {
  // COPY TO reads partitioned tables only through a query.
  return `COPY (SELECT ${list(columns)} FROM ${escapeIdentifier(name)}) TO STDOUT`
}

/** `COPY` into a table, in text format. */
export function copyIn({ name, columns }: Table): string {
  return `COPY ${escapeIdentifier(name)} (${list(columns)}) FROM STDIN`
}

export const list = (names: readonly string[]) => names.map(escapeIdentifier).join(', ')
