/**
 * What a migration may not do while replicas of the release before it still serve (expand and contract): take away or rename
 * what they use, demand what they don't write, or hold a lock for as long as a table is large. What each form of ALTER TABLE
 * locks, and when it rewrites the table, is in the PostgreSQL manual ("ALTER TABLE", Notes; "Explicit Locking").
 */

/** Something in a migration that is not safe while the system runs. */
export interface Hazard {
  statement: string
  /** What goes wrong. */
  why: string
  /** What to do instead. */
  instead: string
}

interface Rule extends Omit<Hazard, 'statement'> {
  pattern: RegExp
  /** True for what is harmless on a table that the same migration makes. */
  isFineOnNew?: boolean
}

const EXPAND = 'stop using it in one release, take it away in the next'
const COPY = 'add a new column, write both, fill it in batches, read the new one, then take the old one away'

const RULES: Rule[] = [
  { pattern: /\bDROP\s+(TABLE|VIEW|FUNCTION)\b/i, why: 'running replicas still use it', instead: EXPAND },
  { pattern: /\bDROP\s+COLUMN\b/i, why: 'running replicas still select and write it', instead: EXPAND },
  {
    pattern: /\bRENAME\s+(TO|COLUMN|CONSTRAINT)\b|\bRENAME\s+"?\w+"?\s+TO\b/i,
    why: 'running replicas know the old name',
    instead: COPY
  },
  {
    pattern: /\bALTER\s+COLUMN\s+\S+\s+(SET\s+DATA\s+)?TYPE\b/i,
    why: 'the table is rewritten under an exclusive lock',
    instead: COPY
  },
  {
    pattern: /\bALTER\s+COLUMN\s+\S+\s+SET\s+NOT\s+NULL\b/i,
    why: 'running replicas may write NULL, and the whole table is read under an exclusive lock',
    instead: 'add CHECK (… IS NOT NULL) NOT VALID, validate it in the next migration, then set NOT NULL'
  },
  {
    pattern: /\bADD\s+COLUMN\s+(?:(?!,|\bDEFAULT\b)[\s\S])*\bNOT\s+NULL\b(?![^,]*\bDEFAULT\b)/i,
    why: 'the inserts of running replicas fail',
    instead: 'give it a DEFAULT, or allow NULL first',
    isFineOnNew: true
  },
  {
    pattern: /\bADD\s+COLUMN\b[^,]*\bDEFAULT\s+\(?(random|gen_random_uuid|clock_timestamp|nextval)\b/i,
    why: 'a volatile default rewrites the table under an exclusive lock',
    instead: 'add the column without, set the default, fill it in batches',
    isFineOnNew: true
  },
  {
    pattern: /\bADD\s+CONSTRAINT\b(?=[\s\S]*\b(CHECK|FOREIGN\s+KEY)\b)(?![\s\S]*\bNOT\s+VALID\b)/i,
    why: 'the whole table is read under a lock that stops writes',
    instead: 'add it NOT VALID and validate it in the next migration',
    isFineOnNew: true
  },
  {
    pattern: /\bADD\s+(CONSTRAINT\s+\S+\s+)?(UNIQUE|PRIMARY\s+KEY|EXCLUDE)\b(?![\s\S]*\bUSING\s+INDEX\b)/i,
    why: 'its index is built under an exclusive lock',
    instead: 'CREATE UNIQUE INDEX CONCURRENTLY first, then ADD CONSTRAINT … USING INDEX',
    isFineOnNew: true
  },
  {
    pattern: /\bCREATE\s+(UNIQUE\s+)?INDEX\b(?!\s+CONCURRENTLY)/i,
    why: 'writes wait until the index is built',
    instead: 'have the operator run CREATE INDEX CONCURRENTLY before the release, and say IF NOT EXISTS here',
    isFineOnNew: true
  },
  {
    pattern: /\b(TRUNCATE|LOCK\s+TABLE|VACUUM\s+FULL|CLUSTER)\b/i,
    why: 'everybody else waits',
    instead: 'do it in batches, outside of a migration'
  },
  {
    pattern: /^(UPDATE|DELETE)\b/i,
    why: 'it holds row locks on all it touches until the migration ends',
    instead: 'fill or delete in batches, outside of a migration',
    isFineOnNew: true
  }
]

/** What vouches for a statement, on a line before it: `-- safe: the table is empty until 1.2`. */
const VOUCHER = /^--[ \t]*safe:[ \t]*\S/m

/**
 * Takes the SQL of one migration with drizzle's breakpoints, gives what in it is not safe beside running replicas.
 * A statement with a comment `-- safe: <why>` of its own passes.
 */
export function findHazards(sql: string): Hazard[] {
  const created = new Set(
    [...sql.matchAll(/\bCREATE\s+(?:UNLOGGED\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?"?(\w+)"?/gi)].map(
      ([, name]) => name
    )
  )
  return sql.split('--> statement-breakpoint').flatMap((part) => {
    const statement = part.replace(/^\s*--.*$/gm, '').trim()
    if (VOUCHER.test(part.trim())) return []
    const isNew = created.has(tableOf(statement))
    return RULES.filter(
      ({ pattern, isFineOnNew }) => pattern.test(withoutBodies(statement)) && !(isFineOnNew && isNew)
    ).map(({ why, instead }) => ({ statement, why, instead }))
  })
}

function tableOf(statement: string): string | undefined {
  const [, table] =
    /^(?:ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?(?:ONLY\s+)?|UPDATE\s+|DELETE\s+FROM\s+|CREATE\s+[\s\S]*?\bON\s+)"?(\w+)"?/i.exec(
      statement
    ) ?? []
  return table
}

/** The statement without what functions do when they are called. */
function withoutBodies(statement: string): string {
  return statement.replace(/\$(\w*)\$[\s\S]*?\$\1\$/g, "''")
}
