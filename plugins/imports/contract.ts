import type { ClientBase } from 'pg'

/** What a capability offers as its part of imports: the columns of its file, and how staged rows become its own. */

/** The files of a set. */
export type KindName = 'users' | 'urls' | 'events'

export interface ImportColumn {
  name: string
  /** Of the staging table. It says what a JSON array must hold, too. */
  type: 'bigint' | 'text' | 'boolean' | 'timestamptz' | 'jsonb'
  /** Most characters of a text. */
  maxLength?: number
  /** What is wrong with a value that has the type, as a predicate ("is blocked"), or null. */
  refuse?(value: string): string | null
  /** A file without it cannot be imported. */
  isRequired?: true
  /** Where a row has no value, one is made as for `POST`. */
  isMade?: true
  /** Not in the usual header: only there when some row needs it. */
  isExtra?: true
  /** The file whose ids the column holds. */
  refersTo?: 'users' | 'urls'
}

/** A line of a report. */
export interface Remark {
  line: number
  reason: string
}

/** What the merge of staged rows did, beside inserting them. */
export interface Merged {
  rejected: Remark[]
  warnings: Remark[]
}

export interface StagedIds {
  leastId: number
  greatestId: number
}

/**
 * Its SQL reads the temporary table `staging`: `line`, and the columns of the file, of which `id` is filled before the merge. The table of
 * the rows that are there has the name of the kind; conditions call it `present`.
 */
export interface ImportKind {
  name: KindName
  /** In the order of the file's header. The first is the id. */
  columns: readonly ImportColumn[]
  /** The column by which a row without an id is found when its file is loaded again. */
  knownBy: string
  /** A condition: the stored row is the same thing as the staged one with its id, though it changed since. It never gets a second id. */
  isSame: string
  /** A condition that finds a row with the values of a staged one under another id. */
  finds: string
  /** A condition: the row that was found is the staged one, though it changed since. */
  isFound: string
  /** Prepares the table for rows whose timestamps are in `months` ('2025-07'), outside a transaction. */
  prepare?(client: ClientBase, months: ReadonlySet<string>): Promise<void>
  /** Waits for rows of requests that have an id and are not stored yet. Runs in a short transaction of its own. */
  waitForInFlightInserts?(client: ClientBase): Promise<void>
  /** Gives new ids to rows of requests that took ids of staged rows since the import began. */
  reassignIds?(client: ClientBase, ids: StagedIds): Promise<void>
  /** Fills the gaps of staged rows, removes those that can not be stored, and inserts the others. */
  merge(client: ClientBase, batch: { hasGaps: boolean }): Promise<Merged>
  /** Called after the commit of a batch that stored rows. */
  onStored?(): Promise<void>
}
