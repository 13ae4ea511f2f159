import { listAreas, pathOf } from '#dashboard/admin/areas.ts'
import { BASE, HOME, isOpen } from '#dashboard/core/environment.ts'
import { LANGUAGES, type Language, language, setLanguage, text } from '#dashboard/core/language.ts'
import { may, session, signOut } from '#dashboard/core/session.ts'
import { setTheme, theme } from '#dashboard/core/theme.ts'
import { THEMES } from '#dashboard/core/themes.ts'
import type { IconName } from '#dashboard/ui/icon.tsx'
import { explain } from '#dashboard/ui/states.tsx'
import { showToast } from '#dashboard/ui/toast.tsx'

/** What the palette offers besides links: the pages and actions that the session permits. */

export interface Command {
  id: string
  group: 'pages' | 'actions'
  icon: IconName
  label: string
  run: () => void
}

/** What commands do to the page. */
export interface Stage {
  route: (path: string) => void
  openSheet: (sheet: 'preferences' | 'shortcuts') => void
}

export function listCommands({ route, openSheet }: Stage): Command[] {
  const t = text.value
  const page = (id: string, icon: IconName, label: string, path = `${HOME}/${id}`): Command => ({
    id,
    group: 'pages',
    icon,
    label,
    run: () => route(path)
  })
  const action = (id: string, icon: IconName, label: string, run: () => void): Command => ({
    id,
    group: 'actions',
    icon,
    label,
    run
  })
  const themes = THEMES.filter((one) => one !== theme.value)
  const languages = (Object.keys(LANGUAGES) as Language[]).filter((one) => one !== language.value)
  return [
    page('links', 'link', t.app.links, HOME),
    ...(may('stats:read') ? [page('stats', 'chart', t.app.stats)] : []),
    ...listAreas().map((area) => page(area, 'shield', t.admin.tabs[area], pathOf(area))),
    page('account', 'user', t.account.title),
    { ...page('docs', 'book', t.app.docs), run: () => location.assign(`${BASE}/docs`) },
    ...(may('urls:write') ? [action('create', 'plus', t.shortcuts.create, focusCreate)] : []),
    ...themes.map((one) =>
      action(`theme-${one}`, 'contrast', t.palette.theme(t.themes[one]), () => setTheme(one))
    ),
    ...languages.map((one) =>
      action(`language-${one}`, 'globe', t.palette.language(LANGUAGES[one]), () => void setLanguage(one))
    ),
    action('preferences', 'sliders', t.app.preferences, () => openSheet('preferences')),
    action('shortcuts', 'keyboard', t.app.shortcuts, () => openSheet('shortcuts')),
    ...(!isOpen && session.value !== null ? [action('sign-out', 'exit', t.app.signOut, onSignOut)] : [])
  ]
}

function focusCreate(): void {
  document.querySelector<HTMLElement>('.create-field')?.focus()
}

export function onSignOut(): void {
  signOut().catch((error) => showToast(explain(error), { kind: 'bad' }))
}

/** True if each word of `typed` is part of `label`, in any case. */
export function matches(label: string, typed: string): boolean {
  const where = label.toLocaleLowerCase()
  return typed
    .toLocaleLowerCase()
    .split(/\s+/)
    .every((word) => where.includes(word))
}
