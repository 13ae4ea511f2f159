/** The files that the server imports, with their columns (docs/imports.md). A test compares both. */

export interface Kind {
  required: readonly string[]
  optional: readonly string[]
  /** A row of the template. */
  example: readonly string[]
}

export const KINDS = {
  users: {
    required: ['username', 'email'],
    optional: ['id', 'created_at'],
    example: ['ada', 'ada@example.com']
  },
  urls: {
    required: ['original_url'],
    optional: [
      'id',
      'user_id',
      'short_code',
      'title',
      'is_active',
      'created_at',
      'updated_at',
      'expires_at',
      'deleted_at',
      'note',
      'starts_at',
      'expired_url',
      'redirect_status',
      'forward_query',
      'utm',
      'password_version',
      'has_password',
      'max_visits',
      'visits_used',
      'tags',
      'aliases'
    ],
    example: ['https://example.com/a/long/address']
  },
  events: {
    required: ['url_id', 'event_type'],
    optional: ['id', 'user_id', 'timestamp', 'details'],
    example: ['1', 'click']
  }
} as const satisfies Record<string, Kind>

export type KindName = keyof typeof KINDS

/** In the order in which the server reads them: rows come before the rows that refer to them. */
export const KIND_NAMES = ['users', 'urls', 'events'] as const satisfies readonly KindName[]

/** The columns and an example row. */
export function makeTemplate(name: KindName): string {
  const { required, example } = KINDS[name]
  return `${required.join()}\n${example.join()}\n`
}

const HEADER_BYTES = 4_096

/** What a file holds, and how. */
export interface Content {
  kind: KindName
  isJson: boolean
}

/**
 * Returns the kind of a file by its first line or the names in its JSON, else by its own name. Throws if the
 * file can't be read, as a folder or a file that was deleted.
 */
export async function detectContent(file: File): Promise<Content> {
  const bytes = new Uint8Array(await file.slice(0, HEADER_BYTES).arrayBuffer())
  // In UTF-16 each ASCII character has a zero.
  const start = new TextDecoder().decode(bytes.filter((byte) => byte !== 0))
  const isJson = /^\s*[[{]/.test(start)
  const columns = isJson ? listMembers(start) : listColumns(start)
  const byColumns = KIND_NAMES.find((name) =>
    KINDS[name].required.every((column) => columns.includes(column))
  )
  const byName = KIND_NAMES.find((name) => file.name.toLowerCase().includes(name.slice(0, -1)))
  return { kind: byColumns ?? byName ?? 'urls', isJson }
}

function listColumns(start: string): string[] {
  const [header = ''] = start.split(/[\r\n]/, 1)
  return header.split(/[,;\t]/).map((name) => name.replace(/["\s]/g, '').toLowerCase())
}

function listMembers(start: string): string[] {
  return [...start.matchAll(/"(\w+)"\s*:/g)].map(([, name = '']) => name)
}
