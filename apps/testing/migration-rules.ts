/**
 * Operations that a migration must avoid while replicas of the previous release still run (expand and
 * contract). It must not remove or rename what they use, or require what they don't write. It must not hold a
 * lock for a time that grows with the table. For the locks and rewrites of each form of ALTER TABLE, see the
 * PostgreSQL manual ("ALTER TABLE", Notes; "Explicit Locking").
 */

export interface Rule {
  /** The statement in short, for people. */
  what: string
  /**
   * Matches the normalised statement, or one action of an ALTER TABLE: one line without comments, literals
   * and quoted names.
   */
  pattern: RegExp
  /** The problem. */
  why: string
  /** The alternative. */
  instead: string
}

const EXPAND = 'stop using it in one release, remove it in the next'
const COPY = 'add a new one, write both, fill it in batches, read the new one, then remove the old one'
const BY_HAND = 'run it by hand with CONCURRENTLY before the release, and say IF NOT EXISTS here'
const NO_SCAN = 'add it NOT VALID, and VALIDATE CONSTRAINT in the next migration'
const IN_BATCHES = 'do it in batches, outside of a migration'

/** The name of a column in ALTER TABLE … ALTER; the word COLUMN is optional. */
const ALTER = String.raw`^ALTER\s+(?:COLUMN\s+)?\S+\s+`
/** An added column. */
const ADD = String.raw`^ADD\s+(?!(?:CONSTRAINT|CHECK|FOREIGN|UNIQUE|PRIMARY|EXCLUDE)\b)`
/** An added constraint, with or without a name. */
const CONSTRAIN = String.raw`^ADD\s+(?:CONSTRAINT\s+\S+\s+)?`
/**
 * Allowed before a parenthesis after DEFAULT: types, other constraints, and functions with one value for all
 * rows.
 */
const STABLE =
  'now|date_trunc|varchar|char|numeric|decimal|time|timestamp|timestamptz|interval|bit|CHECK|REFERENCES'

/** Rules for one action of ALTER TABLE. */
export const ACTION_RULES: Rule[] = [
  {
    what: 'DROP COLUMN',
    pattern: /^DROP\s+(?!CONSTRAINT\b)/i,
    why: 'running replicas still select and write it',
    instead: EXPAND
  },
  {
    what: 'DROP CONSTRAINT',
    pattern: /^DROP\s+CONSTRAINT\b/i,
    why: 'running replicas may count on it (ON CONFLICT, an error that they know)',
    instead: EXPAND
  },
  {
    what: 'DROP DEFAULT, DROP IDENTITY, DROP EXPRESSION',
    pattern: new RegExp(`${ALTER}DROP\\s+(DEFAULT|IDENTITY|EXPRESSION)\\b`, 'i'),
    why: 'the inserts of running replicas need it',
    instead: 'write the column in one release, drop it in the next'
  },
  {
    what: 'RENAME, SET SCHEMA',
    pattern: /^(RENAME|SET\s+SCHEMA)\b/i,
    why: 'running replicas know the old name',
    instead: COPY
  },
  {
    what: 'ALTER COLUMN … TYPE',
    pattern: new RegExp(`${ALTER}(SET\\s+DATA\\s+)?TYPE\\b`, 'i'),
    why: 'the table is rewritten under an exclusive lock',
    instead: COPY
  },
  {
    what: 'SET NOT NULL',
    pattern: new RegExp(`${ALTER}SET\\s+NOT\\s+NULL\\b`, 'i'),
    why: 'running replicas may write NULL, and the whole table is read under an exclusive lock',
    instead: 'add CHECK (… IS NOT NULL) NOT VALID, validate it in the next migration, then set NOT NULL'
  },
  {
    what: 'ADD COLUMN … NOT NULL without DEFAULT',
    pattern: new RegExp(`${ADD}(?!.*\\b(DEFAULT|GENERATED|\\w*serial)\\b).*\\bNOT\\s+NULL\\b`, 'i'),
    why: 'the inserts of running replicas fail',
    instead: 'give it a DEFAULT, or allow NULL first'
  },
  {
    what: 'ADD COLUMN … DEFAULT with a function other than now()',
    pattern: new RegExp(`${ADD}.*\\bDEFAULT\\b.*\\b(?!(?:${STABLE})\\s*\\()[a-z_]\\w*\\s*\\(`, 'i'),
    why: 'a volatile default rewrites the table under an exclusive lock',
    instead: 'add the column without, set the default, fill it in batches'
  },
  {
    what: 'ADD COLUMN … serial, GENERATED AS IDENTITY, GENERATED … STORED',
    pattern: new RegExp(`${ADD}.*\\b((small|big)?serial\\d?|AS\\s+IDENTITY|STORED)\\b`, 'i'),
    why: 'the table is rewritten under an exclusive lock',
    instead: 'add a plain column, set its default to nextval(…) or write it, fill it in batches'
  },
  {
    what: 'ADD COLUMN … CHECK, REFERENCES, UNIQUE, PRIMARY KEY',
    pattern: new RegExp(`${ADD}.*\\b(CHECK|REFERENCES|UNIQUE|PRIMARY\\s+KEY)\\b`, 'i'),
    why: 'the table is read or indexed under an exclusive lock, and writes of the one referred to wait',
    instead: 'add the column alone, and the constraint NOT VALID or by an index built CONCURRENTLY'
  },
  {
    what: 'ADD CHECK, FOREIGN KEY, NOT NULL without NOT VALID',
    pattern: new RegExp(`${CONSTRAIN}(CHECK|FOREIGN\\s+KEY|NOT\\s+NULL)\\b(?!.*\\bNOT\\s+VALID\\b)`, 'i'),
    why: 'the whole table is read under a lock that stops writes',
    instead: NO_SCAN
  },
  {
    what: 'ADD UNIQUE, PRIMARY KEY, EXCLUDE without USING INDEX',
    pattern: new RegExp(`${CONSTRAIN}(UNIQUE|PRIMARY\\s+KEY|EXCLUDE)\\b(?!.*\\bUSING\\s+INDEX\\b)`, 'i'),
    why: 'its index is built under an exclusive lock',
    instead: 'build the index by hand with CONCURRENTLY, then ADD CONSTRAINT … USING INDEX'
  },
  {
    what: 'SET LOGGED, UNLOGGED, TABLESPACE, ACCESS METHOD',
    pattern: /^SET\s+(LOGGED|UNLOGGED|TABLESPACE|ACCESS\s+METHOD)\b/i,
    why: 'the table is rewritten under an exclusive lock',
    instead: COPY
  }
]

/** Rules for whole statements. */
export const STATEMENT_RULES: Rule[] = [
  {
    what: 'DROP TABLE, VIEW, FUNCTION, TYPE, SEQUENCE, …',
    pattern: /^DROP\s+(?!INDEX\b)/i,
    why: 'running replicas still use it',
    instead: EXPAND
  },
  {
    what: 'ALTER TYPE, VIEW, SEQUENCE, … RENAME or SET SCHEMA',
    pattern: /^ALTER\s+(?!TABLE\b|INDEX\b).*\b(RENAME|SET\s+SCHEMA)\b/i,
    why: 'running replicas know the old name',
    instead: COPY
  },
  {
    what: 'CREATE INDEX',
    pattern: /^CREATE\s+(UNIQUE\s+)?INDEX\b(?!\s+CONCURRENTLY\b)/i,
    why: 'writes wait until the index is built',
    instead: BY_HAND
  },
  {
    what: 'DROP INDEX',
    pattern: /^DROP\s+INDEX\b(?!\s+CONCURRENTLY\b)/i,
    why: 'all other sessions wait, and running replicas may need it (ON CONFLICT, or to be fast)',
    instead: 'run it by hand with CONCURRENTLY after the release, and say IF EXISTS in the next'
  },
  {
    what: 'CREATE, DROP INDEX CONCURRENTLY',
    pattern: /^(CREATE|DROP)\s+(UNIQUE\s+)?INDEX\s+CONCURRENTLY\b/i,
    why: 'migrations are one transaction, and it fails in any',
    instead: BY_HAND
  },
  {
    what: 'TRUNCATE, LOCK, VACUUM, CLUSTER, REINDEX, REFRESH',
    pattern: /^(TRUNCATE|LOCK|VACUUM|CLUSTER|REINDEX|REFRESH)\b/i,
    why: 'all other sessions wait',
    instead: IN_BATCHES
  },
  {
    what: 'UPDATE, DELETE, MERGE',
    pattern: /^(WITH\b.*)?(?<!\bDO\s+)\b(UPDATE|DELETE|MERGE)\b/i,
    why: 'it holds row locks on all it touches until the migration ends',
    instead: IN_BATCHES
  },
  {
    what: 'DO',
    pattern: /^DO\b/i,
    why: 'these rules cannot see what it runs',
    instead: 'write the statements themselves'
  },
  {
    what: 'BEGIN, COMMIT, ROLLBACK',
    pattern: /^(BEGIN|START|COMMIT|END|ROLLBACK|ABORT)\b/i,
    why: 'migrations are one transaction, so that one that fails leaves nothing behind',
    instead: 'leave it out'
  }
]

/** The table of rules in CONTRIBUTING.md. */
export function renderMigrationRules(): string {
  const rows = [...ACTION_RULES, ...STATEMENT_RULES].map(
    ({ what, why, instead }) => `| ${what} | ${why} | ${instead} |`
  )
  return ['| refused | why | instead |', '| --- | --- | --- |', ...rows].join('\n')
}
