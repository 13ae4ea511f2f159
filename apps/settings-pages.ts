import { readFileSync, statSync } from 'node:fs'
import { ConfigError } from '#apps/config-error.ts'
import { type Brand, type Logo, MAX_LOGO_BYTES, readLogo } from '#platform/http/brand.ts'
import { type Static, Type } from '#schema/shapes/type.ts'
import { optional, text } from './setting-kinds.ts'

/** Settings of the pages for people: a part of apps/settings.ts. */
export const PageSettings = Type.Object({
  DASHBOARD: Type.Enum(['on', 'off'], {
    description: 'Serves the dashboard at `/dashboard`',
    default: 'on'
  }),
  HOME_PAGE: text(
    'Page to which `/` redirects: `dashboard`, `docs` or a URL; `docs` with `DASHBOARD=off` if unset. `landing` shows a page for visitors of links',
    { default: 'dashboard', format: 'home-page' }
  ),
  BRAND_NAME: optional(text('Name on the pages for visitors of links', { minLength: 1, maxLength: 64 })),
  BRAND_COLOR: optional(
    text('Colour of the pages for visitors of links, as `#rrggbb`', { pattern: '^#[0-9a-fA-F]{6}$' })
  ),
  BRAND_LOGO_FILE: optional(
    text('File with the logo of the pages for visitors of links: SVG or PNG of at most 256 KiB')
  )
})

export type PageSettings = Static<typeof PageSettings>

/** The path under PUBLIC_URL, or the URL, to which `/` redirects; null for the landing page. */
export function readHome({ DASHBOARD, HOME_PAGE }: PageSettings): string | null {
  if (HOME_PAGE === 'landing') return null
  if (HOME_PAGE === 'docs' || (HOME_PAGE === 'dashboard' && DASHBOARD === 'off')) return '/docs'
  return HOME_PAGE === 'dashboard' ? '/dashboard' : HOME_PAGE
}

/** The settings of the pages for visitors, for the plugin. */
export interface VisitorPageConfig {
  brand: Brand
  /** True if `/` is the landing page. */
  hasLanding: boolean
}

/** Reads the settings of these pages. Throws a {@link ConfigError} for a file that is not a logo. */
export function readVisitorPages({ BRAND_LOGO_FILE: file, ...settings }: PageSettings): VisitorPageConfig {
  return {
    brand: {
      name: settings.BRAND_NAME,
      color: settings.BRAND_COLOR,
      logo: file === undefined ? undefined : loadLogo(file)
    },
    hasLanding: settings.HOME_PAGE === 'landing'
  }
}

function loadLogo(file: string): Logo {
  const refuse = (reason: string) => new ConfigError([`BRAND_LOGO_FILE names a file that ${reason}`])
  let content: Buffer
  try {
    if (statSync(file).size > MAX_LOGO_BYTES) throw refuse(`has more than ${MAX_LOGO_BYTES} bytes`)
    content = readFileSync(file)
  } catch (error) {
    throw error instanceof ConfigError ? error : refuse(`can not be read: ${(error as Error).message}`)
  }
  const logo = readLogo(content)
  if (logo === null) throw refuse('is neither SVG nor PNG')
  return logo
}
