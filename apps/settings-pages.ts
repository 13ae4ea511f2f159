import { type Static, Type } from '#schema/shapes/type.ts'
import { text } from './setting-kinds.ts'

/** Settings of the pages for people: a part of apps/settings.ts. */
export const PageSettings = Type.Object({
  DASHBOARD: Type.Enum(['on', 'off'], {
    description: 'Serves the dashboard at `/dashboard`',
    default: 'on'
  }),
  HOME_PAGE: text(
    'Page to which `/` redirects: `dashboard`, `docs` or a URL; `docs` with `DASHBOARD=off` if unset',
    { default: 'dashboard', format: 'home-page' }
  )
})

export type PageSettings = Static<typeof PageSettings>

/** The path under PUBLIC_URL, or the URL, to which `/` redirects. */
export function readHome({ DASHBOARD, HOME_PAGE }: PageSettings): string {
  if (HOME_PAGE === 'docs' || (HOME_PAGE === 'dashboard' && DASHBOARD === 'off')) return '/docs'
  return HOME_PAGE === 'dashboard' ? '/dashboard' : HOME_PAGE
}
