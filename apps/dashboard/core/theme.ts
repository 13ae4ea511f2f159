import { signal } from '@preact/signals'
import { readPreference, writePreference } from './storage.ts'
import { THEMES, type Theme } from './themes.ts'

const stored = readPreference('theme')

export const theme = signal<Theme>(THEMES.find((one) => one === stored) ?? 'auto')

export function setTheme(next: Theme): void {
  theme.value = next
  writePreference('theme', next === 'auto' ? null : next)
  const { dataset } = document.documentElement
  if (next === 'auto') delete dataset['theme']
  else dataset['theme'] = next
}
