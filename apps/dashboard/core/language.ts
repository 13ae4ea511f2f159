import { signal } from '@preact/signals'
import type { Catalogue } from '#dashboard/text/catalogue.ts'
import { en } from '#dashboard/text/en.ts'
import { onOtherTab } from './other-tabs.ts'
import { readPreference, writePreference } from './storage.ts'

/** The language of the page: its catalogue, and the tag for `Intl`. */

export const LANGUAGES = { en: 'English', de: 'Deutsch' } as const

export type Language = keyof typeof LANGUAGES

export const language = signal<Language>(document.documentElement.lang === 'de' ? 'de' : 'en')

/** The texts in the current language. Components that read it render again when it changes. */
export const text = signal<Catalogue>(en)

/** Loads the catalogue of `next`, and remembers the choice if a person made it. */
export async function setLanguage(next: Language, isChoice = true): Promise<void> {
  text.value = next === 'de' ? (await import('#dashboard/text/de.ts')).de : en
  language.value = next
  document.documentElement.lang = next
  if (isChoice) writePreference('language', next)
}

onOtherTab('language', () => {
  const next = readPreference('language')
  if (next === 'en' || next === 'de') void setLanguage(next, false)
})
