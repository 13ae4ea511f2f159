/**
 * Operations that a migration must avoid while replicas of the previous release still run (expand and
 * contract). It must not remove or rename what they use, or require what they don't write. It must not hold a
 * lock for a time that grows with the table. For the locks and rewrites of each form of ALTER TABLE, see the
 * PostgreSQL manual ("ALTER TABLE", Notes; "Explicit Locking").
 *
 * The table in CONTRIBUTING.md has a row for each rule: its name, the problem, and the alternative. A pattern
 * matches one line without comments, literals and quoted names.
 */

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
export const ACTION_RULES: Record<string, RegExp> = {
  'DROP COLUMN': /^DROP\s+(?!CONSTRAINT\b)/i,
  'DROP CONSTRAINT': /^DROP\s+CONSTRAINT\b/i,
  'DROP DEFAULT, DROP IDENTITY, DROP EXPRESSION': new RegExp(
    `${ALTER}DROP\\s+(DEFAULT|IDENTITY|EXPRESSION)\\b`,
    'i'
  ),
  'RENAME, SET SCHEMA': /^(RENAME|SET\s+SCHEMA)\b/i,
  'ALTER COLUMN … TYPE': new RegExp(`${ALTER}(SET\\s+DATA\\s+)?TYPE\\b`, 'i'),
  'SET NOT NULL': new RegExp(`${ALTER}SET\\s+NOT\\s+NULL\\b`, 'i'),
  'ADD COLUMN … NOT NULL without DEFAULT': new RegExp(
    `${ADD}(?!.*\\b(DEFAULT|GENERATED|\\w*serial)\\b).*\\bNOT\\s+NULL\\b`,
    'i'
  ),
  'ADD COLUMN … DEFAULT with a function other than now()': new RegExp(
    `${ADD}.*\\bDEFAULT\\b.*\\b(?!(?:${STABLE})\\s*\\()[a-z_]\\w*\\s*\\(`,
    'i'
  ),
  'ADD COLUMN … serial, GENERATED AS IDENTITY, GENERATED … STORED': new RegExp(
    `${ADD}.*\\b((small|big)?serial\\d?|AS\\s+IDENTITY|STORED)\\b`,
    'i'
  ),
  'ADD COLUMN … CHECK, REFERENCES, UNIQUE, PRIMARY KEY': new RegExp(
    `${ADD}.*\\b(CHECK|REFERENCES|UNIQUE|PRIMARY\\s+KEY)\\b`,
    'i'
  ),
  'ADD CHECK, FOREIGN KEY, NOT NULL without NOT VALID': new RegExp(
    `${CONSTRAIN}(CHECK|FOREIGN\\s+KEY|NOT\\s+NULL)\\b(?!.*\\bNOT\\s+VALID\\b)`,
    'i'
  ),
  'ADD UNIQUE, PRIMARY KEY, EXCLUDE without USING INDEX': new RegExp(
    `${CONSTRAIN}(UNIQUE|PRIMARY\\s+KEY|EXCLUDE)\\b(?!.*\\bUSING\\s+INDEX\\b)`,
    'i'
  ),
  'SET LOGGED, UNLOGGED, TABLESPACE, ACCESS METHOD': /^SET\s+(LOGGED|UNLOGGED|TABLESPACE|ACCESS\s+METHOD)\b/i
}

/** Rules for whole statements. */
export const STATEMENT_RULES: Record<string, RegExp> = {
  'DROP TABLE, VIEW, FUNCTION, TYPE, SEQUENCE, …': /^DROP\s+(?!INDEX\b)/i,
  'ALTER TYPE, VIEW, SEQUENCE, … RENAME or SET SCHEMA':
    /^ALTER\s+(?!TABLE\b|INDEX\b).*\b(RENAME|SET\s+SCHEMA)\b/i,
  'CREATE INDEX': /^CREATE\s+(UNIQUE\s+)?INDEX\b(?!\s+CONCURRENTLY\b)/i,
  'DROP INDEX': /^DROP\s+INDEX\b(?!\s+CONCURRENTLY\b)/i,
  'CREATE, DROP INDEX CONCURRENTLY': /^(CREATE|DROP)\s+(UNIQUE\s+)?INDEX\s+CONCURRENTLY\b/i,
  'TRUNCATE, LOCK, VACUUM, CLUSTER, REINDEX, REFRESH': /^(TRUNCATE|LOCK|VACUUM|CLUSTER|REINDEX|REFRESH)\b/i,
  'UPDATE, DELETE, MERGE': /^(WITH\b.*)?(?<!\bDO\s+)\b(UPDATE|DELETE|MERGE)\b/i,
  DO: /^DO\b/i,
  'BEGIN, COMMIT, ROLLBACK': /^(BEGIN|START|COMMIT|END|ROLLBACK|ABORT)\b/i
}
