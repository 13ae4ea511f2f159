import { or, type SQL, sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import { patternOf } from '#platform/database/folding.ts'
import type { Comparison } from './filter.ts'

/** The filter `q`: a text in any case that is part of one of some columns. */

const ASCII = /^[\0-\x7f]*$/

/**
 * One or two letters of a script with upper and lower case, or digits: too few for a trigram within a word.
 * Without İ, which the index has as a lower case i.
 */
const SHORT = /^(?:(?!İ)[\p{Lu}\p{Ll}\p{Lt}\p{Nd}]){1,2}$/u

/** The ASCII characters that end a word, for pg_trgm too. */
const SEPARATOR = '[ -/:-@[-`{-~]'

/**
 * Maximum length of a text to find in the index, in characters. Each trigram is a list to intersect. A web
 * address has a hundred, and most of them are in most links.
 */
const WINDOW = 16

/** The parts of a long text to find in the index: the end of it, and that of a web address's path. */
const WINDOWS: Record<string, (text: string) => string | undefined> = {
  end: lastOf,
  path(text) {
    const [path = '', rest] = text.split(/[?#]/, 2)
    return rest === undefined || path === '' || lastOf(text) === text ? undefined : lastOf(path)
  }
}

function lastOf(text: string): string {
  const characters = [...text]
  return characters.length > 2 * WINDOW ? characters.slice(-WINDOW).join('') : text
}

/**
 * The comparisons of `q` with `columns`. PostgreSQL folds ASCII alike in every locale, in half the time that
 * a pattern takes. `indexed` is an expression for an index of trigrams: the text of all columns in ASCII
 * lower case, each after a space but the first. It narrows the search. A {@link SHORT} text is compared with
 * beginnings of words in it.
 */
export function search(columns: readonly PgColumn[], indexed?: SQL): Record<string, Comparison> {
  const isShort = (text: string) => indexed !== undefined && SHORT.test(text)
  const like = (text: string | undefined, whole: string) =>
    text !== undefined && ASCII.test(whole) && !isShort(whole)
      ? `%${text.replace(/[\\%_]/g, '\\$&')}%`
      : undefined
  const pattern = (text: string | undefined, whole: string) =>
    text !== undefined && !ASCII.test(whole) && !isShort(whole) ? patternOf(text) : undefined
  const comparisons: Record<string, Comparison> = {
    'q.ascii': {
      read: (text) => like(text, text),
      compare: (value) => or(...columns.map((column) => sql`${column} collate "C" ilike ${value}`))
    },
    'q.pattern': {
      read: (text) => pattern(text, text),
      compare: (value) => or(...columns.map((column) => sql`${column} ~ ${value}`))
    }
  }
  if (indexed === undefined) return comparisons
  for (const [name, cut] of Object.entries(WINDOWS)) {
    comparisons[`q.${name}.ascii`] = {
      read: (text) => like(cut(text), text),
      compare: (value) => sql`${indexed} like lower(${value}::text collate "C")`
    }
    comparisons[`q.${name}.pattern`] = {
      read: (text) => pattern(cut(text), text),
      // The index has İ as a lower case i, which a pattern with İ does not find.
      compare: (value) => sql`${indexed} ~ replace(${value}::text, 'İ', '.')`
    }
  }
  comparisons['q.word'] = {
    read: (text) => (isShort(text) ? SEPARATOR + patternOf(text) : undefined),
    compare: (value) => sql`${indexed} ~ ${value}`
  }
  return comparisons
}
