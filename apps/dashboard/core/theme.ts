import { signal } from '@preact/signals'
import { onOtherTab } from './other-tabs.ts'
import { readPreference, writePreference } from './storage.ts'
import { THEMES, type Theme } from './themes.ts'

const readTheme = () => THEMES.find((one) => one === readPreference('theme')) ?? 'auto'

export const theme = signal<Theme>(readTheme())

export function setTheme(next: Theme): void {
  writePreference('theme', next === 'auto' ? null : next)
  showTheme(next)
}

function showTheme(next: Theme): void {
  theme.value = next
  const { dataset } = document.documentElement
  if (next === 'auto') delete dataset['theme']
  else dataset['theme'] = next
}

onOtherTab('theme', () => showTheme(readTheme()))
