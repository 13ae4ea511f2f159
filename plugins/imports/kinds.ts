import {
  type CellReader,
  optional,
  readBoolean,
  readCode,
  readDetails,
  readId,
  readTarget,
  readText,
  readTime
} from './cells.ts'

/** The three files and their columns: headers, readers, staging tables and exports all come from these lists. */
export type KindName = 'users' | 'urls' | 'events'

export interface Column {
  name: string
  /** Of the staging table; it tells what a JSON array must hold, too. */
  type: 'bigint' | 'text' | 'boolean' | 'timestamptz' | 'jsonb'
  read: CellReader
  /** Not in the usual header: only there when some row needs it. */
  isExtra?: true
}

export interface Kind {
  name: KindName
  /** In the order of the file's header. The first is the id. */
  columns: readonly Column[]
}

const id: Column = { name: 'id', type: 'bigint', read: readId }
const userId: Column = { name: 'user_id', type: 'bigint', read: optional(readId) }
const time = (name: string): Column => ({ name, type: 'timestamptz', read: readTime })
const extraTime = (name: string): Column => ({ ...time(name), read: optional(readTime), isExtra: true })
const text = (name: string, minimum: number, maximum: number): Column => ({
  name,
  type: 'text',
  read: readText(minimum, maximum)
})

export const kinds: Record<KindName, Kind> = {
  users: {
    name: 'users',
    columns: [id, text('username', 1, 255), text('email', 1, 254), time('created_at')]
  },
  urls: {
    name: 'urls',
    columns: [
      id,
      userId,
      { name: 'short_code', type: 'text', read: readCode },
      { name: 'original_url', type: 'text', read: readTarget },
      text('title', 0, 4_096),
      { name: 'is_active', type: 'boolean', read: readBoolean },
      time('created_at'),
      time('updated_at'),
      extraTime('expires_at'),
      extraTime('deleted_at')
    ]
  },
  events: {
    name: 'events',
    columns: [
      id,
      { name: 'url_id', type: 'bigint', read: readId },
      userId,
      text('event_type', 1, 64),
      time('timestamp'),
      { name: 'details', type: 'jsonb', read: readDetails }
    ]
  }
}

/** The order in which the files make sense: what is referred to comes first. */
export const KIND_ORDER: readonly KindName[] = ['users', 'urls', 'events']

/** Where `name` stands among the columns of `kind`. */
export function columnIndex(kind: Kind, name: string): number {
  return kind.columns.findIndex((column) => column.name === name)
}
