import type { Import } from './sources.ts'

/** Who may import whom: the table of rooms, and the judgement of one file by it. */

interface Room {
  /** The files of the room: the first room whose pattern matches has the file. */
  files: RegExp
  /** What its files may import: `node:`, packages (`*`, or by name) and beginnings of names. */
  may: string[]
  /** Exceptions from `*`. */
  not?: string[]
  /** What `import type` may bring in beside that. */
  mayTypes?: string[]
}

/** What capabilities know of one another beside decorators; only types. */
const CONTRACT = /^#plugins\/[^/]+\/contract\.ts$/

/**
 * The rooms of `plugins/platform`, from the ground up: a file may import from its own room and from those before it, so there are no
 * circles. A room joins this list where its imports allow.
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
  'outbox',
  'idempotency',
  'limits',
  'observability'
]

const SQL = ['drizzle-orm', 'pg', 'pg-copy-streams']
const HTTP = ['fastify', 'fastify-plugin', '@fastify']
/** How all capabilities name a link. */
const LINK_KEY = '#schema/link-key.ts'
/** All programs read their arguments by it. */
const COMMAND_LINE = '#apps/command-line.ts'

/**
 * Invariant: apps → plugins → schema, never back up; a capability never imports another one.
 * `$1` stands for what the pattern's first group matched: the name of the capability.
 */
export const ROOMS: Record<string, Room> = {
  tables: { files: /^schema\/tables\//, may: ['./', 'drizzle-orm'] },
  shapes: { files: /^schema\/shapes\//, may: ['./', 'typebox'] },
  vocabulary: { files: /^schema\/[^/]+\.ts$/, may: [] },
  migrations: { files: /^drizzle\.config\.ts$/, may: ['drizzle-kit'] },
  platform: { files: /^plugins\/platform\//, may: ['./', '#platform/', '#schema/', 'node:', '*'] },
  // SQL lives here and nowhere else in a capability.
  stores: {
    files: /^plugins\/.+\/(store[^/]*|[^/]+-store)\.ts$/,
    may: ['./', '#platform/', '#schema/', 'node:', '*'],
    not: HTTP
  },
  // The rules of the domain see neither requests nor SQL. A row's type brings no SQL along.
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
    files: /^apps\/(app|problems)(\.test)?\.ts$/,
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
  // Black boxes: they know the wire. The harness only gives them a server where none is named.
  acceptance: { files: /^apps\/acceptance\//, may: ['./', '#schema/shapes/', '#testing/', 'node:', '*'] },
  dashboard: { files: /^apps\/dashboard\//, may: ['./', '#schema/shapes/', '*'] },
  processes: {
    files: /^apps\/[^/]+\//,
    may: ['./', '#apps/', '#platform/', '#package.json', '#schema/shapes/', 'node:', '*']
  },
  // They drive the public API. The harness gives the measured servers their fresh databases.
  load: {
    files: /^loadtest\//,
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
  },
  // They run what is shipped. The harness starts the real programs; what loads it is there already.
  operations: {
    files: /^ops\//,
    may: [
      COMMAND_LINE,
      './',
      '#ops/',
      '#loadtest/',
      '#package.json',
      '#schema/shapes/',
      '#testing/',
      'node:',
      '*'
    ]
  }
}

/** What any test may import beside what its room may: the harness, the app as composed, and a test's own tools. */
const TESTS = ['#testing/', '#apps/', '#platform/', '#schema/', 'node:', '*']

/** The name of the room that has `file`, and its text for `$1`. */
export function findRoom(file: string): { name: string; subject: string } | undefined {
  for (const [name, { files }] of Object.entries(ROOMS)) {
    const match = files.exec(file)
    if (match) return { name, subject: match[1] ?? '' }
  }
  return undefined
}

/** What is wrong with the imports of `file`, in words; nothing when all is well. */
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

/** Whether `specifier` is `name` or something in it. */
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
