import { EventType } from '#schema/shapes/event.ts'
import { lengthLimit } from '#schema/shapes/text.ts'
import { UserEmail, UserName } from '#schema/shapes/user.ts'
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
  /** A file without it cannot be imported. */
  isRequired?: true
  /** Where a row has no value, one is made as for `POST`. */
  isMade?: true
  /** Not in the usual header: only there when some row needs it. */
  isExtra?: true
}

export interface Kind {
  name: KindName
  /** In the order of the file's header. The first is the id. */
  columns: readonly Column[]
  /** The column by which a row without an id is found when its file is loaded again. */
  knownBy: string
}

export type Kinds = Record<KindName, Kind>

/** Greatest length of a title, in characters: other systems keep longer ones than this API takes. */
const MAX_TITLE = 4_096

const required = (column: Column): Column => ({ ...column, isRequired: true })
const made = (column: Column): Column => ({ ...column, read: optional(column.read), isMade: true })
const extra = (column: Column): Column => ({ ...column, read: optional(column.read), isExtra: true })
const number = (name: string): Column => ({ name, type: 'bigint', read: readId })
const time = (name: string): Column => ({ name, type: 'timestamptz', read: readTime })
const text = (name: string, minimum: number, maximum: number): Column => ({
  name,
  type: 'text',
  read: readText(minimum, maximum)
})

const id = made(number('id'))
const userId: Column = { ...number('user_id'), read: optional(readId) }

/** The kinds on a server whose links may lead to URLs of `schemes`. */
export function createKinds(schemes: readonly string[]): Kinds {
  return {
    users: {
      name: 'users',
      columns: [
        id,
        required(text('username', 1, lengthLimit(UserName))),
        required(text('email', 1, lengthLimit(UserEmail))),
        made(time('created_at'))
      ],
      knownBy: 'email'
    },
    urls: {
      name: 'urls',
      columns: [
        id,
        userId,
        made({ name: 'short_code', type: 'text', read: readCode }),
        required({ name: 'original_url', type: 'text', read: readTarget(schemes) }),
        text('title', 0, MAX_TITLE),
        made({ name: 'is_active', type: 'boolean', read: readBoolean }),
        made(time('created_at')),
        made(time('updated_at')),
        extra(time('expires_at')),
        extra(time('deleted_at'))
      ],
      knownBy: 'short_code'
    },
    events: {
      name: 'events',
      columns: [
        id,
        required(number('url_id')),
        userId,
        required(text('event_type', 1, lengthLimit(EventType))),
        made(time('timestamp')),
        { name: 'details', type: 'jsonb', read: readDetails }
      ],
      knownBy: 'timestamp'
    }
  }
}

/** The order in which the files make sense: what is referred to comes first. */
export const KIND_ORDER: readonly KindName[] = ['users', 'urls', 'events']

/** Where `name` stands among the columns of `kind`. */
export function columnIndex(kind: Kind, name: string): number {
  return kind.columns.findIndex((column) => column.name === name)
}
