import type { Import } from './sources.ts'

/** The allowed imports: the table of rooms, and the check of one file. */

interface Room {
  /** The files of the room. The first room whose pattern matches a file contains it. */
  files: RegExp
  /** The allowed imports: `node:`, packages (`*`, or by name) and prefixes of names. */
  may: string[]
  /** Exceptions from `*`. */
  not?: string[]
  /** Additionally allowed for `import type`. */
  mayTypes?: string[]
}

/** The types that capabilities share, in addition to decorators. */
const CONTRACT = /^#plugins\/[^/]+\/contract\.ts$/

/**
 * The rooms of `plugins/platform`, lowest first. A file may import from its own room and the rooms before it,
 * so there are no cycles. A room joins this list once its imports allow it.
 */
export const PLATFORM_ROOMS = [
  'problem',
  'async',
  'net',
  'access',
  'database',
  'backup',
  'redis',
  'cache',
  'queue',
  'http',
  'lists',
  'outbox',
  'idempotency',
  'limits',
  'observability'
]

const SQL = ['drizzle-orm', 'pg', 'pg-copy-streams']
const HTTP = ['fastify', 'fastify-plugin', '@fastify']
/** The key of a link, for all capabilities. */
const LINK_KEY = '#schema/link-key.ts'
/** The argument parser of all programs. */
const COMMAND_LINE = '#apps/command-line.ts'

/**
 * Invariant: apps → plugins → schema, never back up; a capability never imports another one. `$1` is the
 * match of the pattern's first group: the name of the capability.
 */
export const ROOMS: Record<string, Room> = {
  tables: { files: /^schema\/tables\//, may: ['./', 'drizzle-orm'] },
  shapes: { files: /^schema\/shapes\//, may: ['./', 'typebox'] },
  vocabulary: { files: /^schema\/[^/]+\.ts$/, may: [] },
  migrations: { files: /^drizzle\.config\.ts$/, may: ['drizzle-kit'] },
  platform: { files: /^plugins\/platform\//, may: ['./', '#platform/', '#schema/', 'node:', '*'] },
  // The only place for SQL in a capability.
  stores: {
    files: /^plugins\/.+\/(store[^/]*|[^/]+-store)\.ts$/,
    may: ['./', '#platform/', '#schema/', 'node:', '*'],
    not: HTTP
  },
  // The domain's rules see neither requests nor SQL. A row's type brings no SQL with it.
  services: {
    files: /^plugins\/([^/]+)\/(?:.+\/)?service[^/]*\.ts$/,
    may: ['./', '#plugins/$1/', '#platform/', '#schema/shapes/', LINK_KEY, 'node:', '*'],
    not: [...HTTP, ...SQL],
    mayTypes: ['#schema/tables/']
  },
  capabilities: {
    files: /^plugins\/([^/]+)\//,
    may: ['./', '#plugins/$1/', '#platform/', '#schema/shapes/', LINK_KEY, 'node:', '*'],
    not: SQL,
    mayTypes: ['#schema/tables/', 'pg']
  },
  composition: {
    files: /^apps\/(app|page-scopes|problems)(\.test)?\.ts$/,
    may: ['./', '#apps/', '#plugins/', '#platform/', '#package.json', 'node:', '*']
  },
  settings: {
    files: /^apps\/[^/]+\.ts$/,
    may: ['./', '#apps/', '#platform/', '#package.json', '#schema/shapes/', 'node:', '*']
  },
  harness: {
    files: /^apps\/testing\//,
    may: ['./', '#apps/', '#platform/', '#schema/', '#testing/', 'node:', '*']
  },
  // Black boxes that know only the HTTP API. The harness provides a server where none is named.
  acceptance: { files: /^apps\/acceptance\//, may: ['./', '#schema/shapes/', '#testing/', 'node:', '*'] },
  // Runs in browsers and outside this repository, so it loads nothing but its own files.
  client: { files: /^apps\/client\//, may: ['./'], mayTypes: ['#schema/shapes/'] },
  // The browser application: it knows the public API only.
  dashboard: {
    files: /^apps\/dashboard\//,
    may: ['./', '#dashboard/', '#apps/client/', '#schema/shapes/', '*'],
    not: [...HTTP, ...SQL]
  },
  processes: {
    files: /^apps\/[^/]+\//,
    may: ['./', '#apps/', '#platform/', '#package.json', '#schema/shapes/', 'node:', '*']
  },
  // Benchmarks of the public API, and tests and tools for the shipped files. The harness starts the real
  // programs and provides fresh databases.
  tools: {
    files: /^(loadtest|ops)\//,
    may: [
      COMMAND_LINE,
      './',
      '#loadtest/',
      '#ops/',
      '#package.json',
      '#schema/shapes/',
      '#testing/',
      'node:',
      '*'
    ]
  }
}

/** Additionally allowed in any test: the harness, the composed app, and a test's own tools. */
const TESTS = ['#testing/', '#apps/', '#platform/', '#schema/', 'node:', '*']

/** The name of the room that has `file`, and its text for `$1`. */
export function findRoom(file: string): { name: string; subject: string } | undefined {
  for (const [name, { files }] of Object.entries(ROOMS)) {
    const match = files.exec(file)
    if (match) return { name, subject: match[1] ?? '' }
  }
  return undefined
}

/** Describes the forbidden imports of `file`; empty if there are none. */
export function check(file: string, imports: Import[]): string[] {
  const found = findRoom(file)
  if (!found) return [`${file} is in no room`]
  const { name, subject } = found
  const room = ROOMS[name]
  const isTest = /\.test\.ts$/.test(file)
  return imports.flatMap(({ specifier, isType }) => {
    if (pointsUp(file, specifier)) return [`${file} imports ${specifier}, a room above its own`]
    if (specifier.startsWith('../')) return [`${file} imports ${specifier}: another room is named with #`]
    const allowed = [
      ...(room?.may ?? []),
      ...(isType ? (room?.mayTypes ?? []) : []),
      ...(isTest ? TESTS : [])
    ]
    const refused = isTest ? [] : (room?.not ?? [])
    const isContract =
      isType && CONTRACT.test(specifier) && /^(plugins\/(?!platform\/)|apps\/testing\/)/.test(file)
    const isFine =
      isContract ||
      allowed.some((one) =>
        one === '*'
          ? !/^[.#]|^node:/.test(specifier) && !refused.some((name) => isWithin(specifier, name))
          : isWithin(specifier, one.replace('$1', subject))
      )
    return isFine ? [] : [`${file} imports ${specifier}, which ${name} may not`]
  })
}

/** True if `specifier` is `name` or inside it. */
function isWithin(specifier: string, name: string): boolean {
  return /[/:]$/.test(name)
    ? specifier.startsWith(name)
    : specifier === name || specifier.startsWith(`${name}/`)
}

/** True if a file of `plugins/platform` imports from a room that is not below its own, tests excepted. */
function pointsUp(file: string, specifier: string): boolean {
  const own = /^plugins\/platform\/([^/]+)\//.exec(file)?.[1]
  const other = /^#platform\/([^/]+)\//.exec(specifier)?.[1]
  if (own === undefined || other === undefined || own === other || file.endsWith('.test.ts')) return false
  return PLATFORM_ROOMS.indexOf(other) >= PLATFORM_ROOMS.indexOf(own)
}
