import { or, type Placeholder, type SQL, sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import { patternOf, variantsOf } from '#platform/database/folding.ts'
import type { Comparison } from './filter.ts'

/** The filter `q`: a text in any case that is part of one of some columns. */

const ASCII = /^[\0-\x7f]*$/
const ALPHANUMERIC = /[A-Za-z0-9]/

/**
 * One or two letters of a script with upper and lower case, or digits: too few for a trigram within a word.
 * Without İ, which the index has as a lower case i.
 */
const SHORT = /^(?:(?!İ)[\p{Lu}\p{Ll}\p{Lt}\p{Nd}]){1,2}$/u

/** The ASCII characters that end a word, for pg_trgm too. */
const SEPARATOR = '[ -/:-@[-`{-~]'

/**
 * Length of the part of a long text to find in the index, in characters. Each trigram is a list to intersect,
 * and most of a web address are in most links. Of a million links with one path, 14 characters read 2,110
 * pages of the index, and 8 read 76.
 */
const WINDOW = 8

/** The parts of a long text to find in the index: the end of it, and that of a web address's path. */
const WINDOWS: Record<string, (text: string) => string | undefined> = {
  end: lastOf,
  path(text) {
    const [path = ''] = text.split(/(?:\.[a-z]+)?(?:[?#]|$)/i, 1)
    const end = lastOf(text)
    return path === '' || end === text || end === lastOf(path) ? undefined : lastOf(path)
  }
}

function lastOf(text: string): string {
  const characters = [...text]
  return characters.length > 2 * WINDOW ? characters.slice(-WINDOW).join('') : text
}

/** True if the text has a trigram within a word: few links have all of its trigrams. */
const hasTrigram = (text: string) => /[\p{L}\p{N}]{3}/u.test(text)

/** The special characters of a text without trigrams, each with those that differ from it in case only. */
function specialOf(text: string): string[][] {
  const variants = hasTrigram(text) ? [] : [...new Set(text)].map(variantsOf)
  return variants.filter((characters) => !characters.some((character) => ALPHANUMERIC.test(character)))
}

/** What narrows a search: expressions that may have an index. */
export interface SearchIndexes {
  /** The text of all columns in ASCII lower case, each after a space but the first: for trigrams. */
  text: SQL
  /** The array of characters of all columns without ASCII letters and digits. */
  special: SQL
}

/**
 * The comparisons of `q` with `columns`. PostgreSQL folds ASCII alike in every locale, in half the time that
 * a pattern takes. A {@link SHORT} text is compared with beginnings of words in the text of `indexes`.
 */
export function search(columns: readonly PgColumn[], indexes?: SearchIndexes): Record<string, Comparison> {
  const isShort = (text: string) => indexes !== undefined && SHORT.test(text)
  const like = (text: string | undefined, whole: string) =>
    text !== undefined && ASCII.test(whole) && !isShort(whole)
      ? `%${text.replace(/[\\%_]/g, '\\$&')}%`
      : undefined
  const pattern = (text: string | undefined, whole: string) =>
    text !== undefined && !ASCII.test(whole) && !isShort(whole) ? patternOf(text) : undefined
  const isVague = (text: string) => indexes !== undefined && !hasTrigram(text) && ALPHANUMERIC.test(text)
  const anyColumn = (compareOne: (column: PgColumn) => SQL) => or(...columns.map(compareOne))
  const ascii = (value: Placeholder) => anyColumn((column) => sql`${column} collate "C" ilike ${value}`)
  const regular = (value: Placeholder) => anyColumn((column) => sql`${column} ~ ${value}`)
  const comparisons: Record<string, Comparison> = {
    'q.ascii': { read: (text) => (isVague(text) ? undefined : like(text, text)), compare: ascii },
    'q.pattern': { read: (text) => (isVague(text) ? undefined : pattern(text, text)), compare: regular }
  }
  if (indexes === undefined) return comparisons
  // One letter beside special characters may be in most links. The planner takes these conditions for
  // independent of those of the indexes, and so expects too few links to read them in the order of the list.
  // It does not look into coalesce().
  comparisons['q.vague.ascii'] = {
    read: (text) => (isVague(text) ? like(text, text) : undefined),
    compare: (value) => sql`coalesce(${ascii(value)}, false)`
  }
  comparisons['q.vague.pattern'] = {
    read: (text) => (isVague(text) ? pattern(text, text) : undefined),
    compare: (value) => sql`coalesce(${regular(value)}, false)`
  }
  for (const [name, cutText] of Object.entries(WINDOWS)) {
    // pg_trgm has no trigrams of special characters.
    const cut = (text: string) => (hasTrigram(text) || ALPHANUMERIC.test(text) ? cutText(text) : undefined)
    comparisons[`q.${name}.ascii`] = {
      read: (text) => like(cut(text), text),
      compare: (value) => sql`${indexes.text} like lower(${value}::text collate "C")`
    }
    comparisons[`q.${name}.pattern`] = {
      read: (text) => pattern(cut(text), text),
      // The index has İ as a lower case i, which a pattern with İ does not find.
      compare: (value) => sql`${indexes.text} ~ replace(${value}::text, 'İ', '.')`
    }
  }
  comparisons['q.word'] = {
    read: (text) => (isShort(text) ? SEPARATOR + patternOf(text) : undefined),
    compare: (value) => sql`${indexes.text} ~ ${value}`
  }
  comparisons['q.special'] = {
    read(text) {
      const caseless = specialOf(text).filter(({ length }) => length === 1)
      return caseless.length > 0 ? caseless.flat() : undefined
    },
    compare: (value) => sql`${indexes.special} @> ${value}::text[]`
  }
  comparisons['q.letter'] = {
    read: (text) => specialOf(text).find(({ length }) => length > 1),
    compare: (value) => sql`${indexes.special} && ${value}::text[]`
  }
  return comparisons
}
