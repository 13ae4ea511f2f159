import { ACTION_RULES, STATEMENT_RULES } from './migration-rules.ts'

/** Parses a migration as far as its rules need: statements, their tables, and the actions of ALTER TABLE. */

/** A statement that is not safe while the system runs. */
export interface Hazard {
  statement: string
  /** The rule that it breaks: a row of the table in CONTRIBUTING.md. */
  rule: string
}

interface Statement {
  /** As written, with the comments before it. */
  text: string
  /** Normalised: one line without comments, literals and quoted names. */
  bare: string
  /** The table of the statement, if it has one. */
  table: string | undefined
}

/** The comment that vouches for the next statement: `-- safe: the table is empty until 1.2`. */
const VOUCHER = /^[ \t]*--[ \t]*safe:[ \t]*\S/m
const COMMENT = /--.*|\/\*[\s\S]*?\*\//g
/**
 * Text whose semicolons, commas and words have no meaning for the parser: function bodies, literals,
 * comments.
 */
const OPAQUE = /\$(\w*)\$[\s\S]*?\$\1\$|'(?:[^']|'')*'|--.*|\/\*[\s\S]*?\*\//g
const NAME = String.raw`(?:"?\w+"?\.)?"?(\w+)"?`
const TABLE = new RegExp(
  `^(?:(?:ALTER|DROP)\\s+TABLE\\s+(?:IF\\s+EXISTS\\s+)?(?:ONLY\\s+)?|TRUNCATE\\s+(?:TABLE\\s+)?|UPDATE\\s+|DELETE\\s+FROM\\s+|CREATE\\s+(?:UNIQUE\\s+)?INDEX\\b.*?\\bON\\s+(?:ONLY\\s+)?)${NAME}`,
  'i'
)
/** Skips IF NOT EXISTS: such a table may be older than the migration. */
const CREATED = new RegExp(`^CREATE\\s+(?:UNLOGGED\\s+)?TABLE\\s+(?!IF\\b)${NAME}`, 'i')

/**
 * Returns the statements of a migration that are not safe beside running replicas. Statements on a table that
 * the same migration creates are safe, and so are those with a comment `-- safe: <why>` before them.
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
          ? findBroken(STATEMENT_RULES, named)
          : splitActions(actions).flatMap((action) => findBroken(ACTION_RULES, action))
      return broken.map((rule) => ({ statement: text.replace(COMMENT, '').trim(), rule }))
    })
}

function findBroken(rules: Record<string, RegExp>, text: string): string[] {
  return Object.keys(rules).filter((rule) => rules[rule]?.test(text))
}

function readStatements(sql: string): Statement[] {
  // The masked text has the same length, so positions match.
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

/** Splits at the commas outside parentheses. */
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
