import { signal } from '@preact/signals'
import { readPreference, writePreference } from './storage.ts'

export const THEMES = ['auto', 'light', 'dark'] as const

export type Theme = (typeof THEMES)[number]

const stored = readPreference('theme')

export const theme = signal<Theme>(THEMES.find((one) => one === stored) ?? 'auto')

export function setTheme(next: Theme): void {
  theme.value = next
  writePreference('theme', next === 'auto' ? null : next)
  const { dataset } = document.documentElement
  if (next === 'auto') delete dataset['theme']
  else dataset['theme'] = next
}
