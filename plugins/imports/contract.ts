import type { ClientBase } from 'pg'

/**
 * What a capability provides for imports: the columns of its file, and the merge of staged rows into its
 * table.
 */

/** The files of a set. */
export type KindName = 'users' | 'urls' | 'events'

export interface ImportColumn {
  name: string
  /** Type in the staging table. It also determines the JSON type. */
  type: 'bigint' | 'integer' | 'smallint' | 'text' | 'boolean' | 'timestamptz' | 'jsonb' | 'text[]'
  /** Maximum characters of a text. */
  maxLength?: number
  /** Returns what is wrong with a value of the right type, as a predicate ("is blocked"), or null. */
  refuse?(value: string): string | null
  /** Returns the items of a list as they are stored, or what is wrong with them, as a predicate. */
  readItems?(items: string[]): string[] | string
  /** A file without this column is rejected. */
  isRequired?: true
  /** The import generates missing values, as `POST` does. */
  isMade?: true
  /** Not in the usual header. An export includes the column only if a row has a value. */
  isExtra?: true
  /** Only read from files: exports leave it out. */
  isInputOnly?: true
  /** The value of most rows, in SQL: a column with only that is not in exports. Null if undefined. */
  usual?: string
  /** SQL of the value of a stored row, of the type of the column; by default the column of the table. */
  value?: string
  /** SQL of the value in exports; by default `value`. */
  stored?: string
  /** Changes by itself, so another value is no difference. */
  isVolatile?: true
  /** The kind whose ids the column holds. */
  refersTo?: 'users' | 'urls'
}

/** A line of a report, with the reason why it is listed. */
export interface Remark {
  line: number
  reason: string
}

/** Rows that a merge rejected, and its warnings. */
export interface Merged {
  rejected: Remark[]
  warnings: Remark[]
}

export interface StagedIds {
  leastId: number
  greatestId: number
}

/**
 * A kind of rows. Its SQL reads the temporary table `staging`: `line`, and the columns of the file, of which
 * `id` is set before the merge. The table of stored rows has the name of the kind; conditions call it
 * `present`.
 */
export interface ImportKind {
  name: KindName
  /** In the order of the file's header. The first column is the id. */
  columns: readonly ImportColumn[]
  /** The column that identifies a row without an id when its file is imported again. */
  knownBy: string
  /**
   * SQL condition: the stored row with the id of the staged row is the same item, though it changed since.
   * Such a row never gets a second id.
   */
  isSame: string
  /** SQL condition that finds a stored row with the values of the staged one under another id. */
  finds: string
  /** SQL condition: the row that `finds` found is the staged row, though it changed since. */
  isFound: string
  /** Prepares the table for rows whose timestamps are in `months` ('2025-07'), outside a transaction. */
  prepare?(client: ClientBase, months: ReadonlySet<string>): Promise<void>
  /**
   * Waits for requests that have drawn an id and not yet inserted its row. Runs in a short transaction of its
   * own.
   */
  waitForInFlightInserts?(client: ClientBase): Promise<void>
  /** Assigns new ids to rows of requests that took ids of staged rows since the import began. */
  reassignIds?(client: ClientBase, ids: StagedIds): Promise<void>
  /** Fills missing values of staged rows, removes rows that can not be stored, and inserts the others. */
  merge(client: ClientBase, batch: { hasGaps: boolean }): Promise<Merged>
  /** Runs after the commit of a batch that stored rows. */
  onStored?(): Promise<void>
}
