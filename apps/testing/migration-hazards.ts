import { ACTION_RULES, STATEMENT_RULES } from './migration-rules.ts'

/** Reads a migration as far as its rules need: statements, the table each is about, and the actions of ALTER TABLE. */

/** Something in a migration that is not safe while the system runs. */
export interface Hazard {
  statement: string
  /** What goes wrong. */
  why: string
  /** What to do instead. */
  instead: string
}

interface Statement {
  /** As it is written, comments before it too. */
  text: string
  /** In one line of its own form: no comments, no literals, no quoted names. */
  bare: string
  /** The table it is about, where it is about one. */
  table: string | undefined
}

/** What vouches for a statement, on a line before it: `-- safe: the table is empty until 1.2`. */
const VOUCHER = /^[ \t]*--[ \t]*safe:[ \t]*\S/m
const COMMENT = /--.*|\/\*[\s\S]*?\*\//g
/** Whatever may hold a semicolon, a comma or a word that means nothing there: bodies of functions, literals, comments. */
const OPAQUE = /\$(\w*)\$[\s\S]*?\$\1\$|'(?:[^']|'')*'|--.*|\/\*[\s\S]*?\*\//g
const NAME = String.raw`(?:"?\w+"?\.)?"?(\w+)"?`
const TABLE = new RegExp(
  `^(?:(?:ALTER|DROP)\\s+TABLE\\s+(?:IF\\s+EXISTS\\s+)?(?:ONLY\\s+)?|TRUNCATE\\s+(?:TABLE\\s+)?|UPDATE\\s+|DELETE\\s+FROM\\s+|CREATE\\s+(?:UNIQUE\\s+)?INDEX\\b.*?\\bON\\s+(?:ONLY\\s+)?)${NAME}`,
  'i'
)
/** One that is there already perhaps is none of this migration's. */
const CREATED = new RegExp(`^CREATE\\s+(?:UNLOGGED\\s+)?TABLE\\s+(?!IF\\b)${NAME}`, 'i')

/**
 * Takes the SQL of one migration, gives what in it is not safe beside running replicas. On a table that the same migration
 * makes everything is, and so is a statement with a comment `-- safe: <why>` before it.
 */
export function findHazards(sql: string): Hazard[] {
  const statements = readStatements(sql)
  const created = new Set(statements.map(({ bare }) => CREATED.exec(bare)?.[1]).filter(Boolean))
  return statements
    .filter(({ text, table }) => !VOUCHER.test(text) && !created.has(table))
    .flatMap(({ text, bare }) => {
      const named = bare.replace(/"[^"]*"/g, 'name')
      const [, actions] = /^ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?(?:ONLY\s+)?[\w.]+\s+(.*)$/i.exec(named) ?? []
      const broken =
        actions === undefined
          ? STATEMENT_RULES.filter(({ pattern }) => pattern.test(named))
          : splitActions(actions).flatMap((action) =>
              ACTION_RULES.filter(({ pattern }) => pattern.test(action))
            )
      return broken.map(({ why, instead }) => ({ statement: text.replace(COMMENT, '').trim(), why, instead }))
    })
}

function readStatements(sql: string): Statement[] {
  // As long as before, so that places in one are places in the other.
  const masked = sql.replace(OPAQUE, (found) =>
    found.startsWith('--') || found.startsWith('/*')
      ? ' '.repeat(found.length)
      : `'${'x'.repeat(found.length - 2)}'`
  )
  let from = 0
  return masked.split(';').flatMap((part) => {
    const text = sql.slice(from, from + part.length)
    from += part.length + 1
    const bare = part.trim().replace(/\s+/g, ' ')
    return bare === '' ? [] : [{ text, bare, table: TABLE.exec(bare)?.[1] }]
  })
}

/** What stands between the commas that are in no parentheses. */
function splitActions(actions: string): string[] {
  const found = ['']
  let depth = 0
  for (const letter of actions) {
    if (letter === '(') depth++
    if (letter === ')') depth--
    if (letter === ',' && depth === 0) found.push('')
    else found[found.length - 1] += letter
  }
  return found.map((action) => action.trim())
}
