import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { useLocation } from 'preact-iso/router'
import { listAreas, pathOf } from '#dashboard/admin/areas.ts'
import { clockSkew } from '#dashboard/core/clock.ts'
import { isOffline, isOutdated, retryConnection } from '#dashboard/core/connection.ts'
import { BASE, HOME, isOpen } from '#dashboard/core/environment.ts'
import { useKeptFocus } from '#dashboard/core/focus.ts'
import { formatSpan } from '#dashboard/core/format.ts'
import { text } from '#dashboard/core/language.ts'
import { may } from '#dashboard/core/session.ts'
import { PALETTE_KEY, usePaletteKey, useShortcut } from '#dashboard/core/shortcuts.ts'
import { CreateBar } from '#dashboard/links/create-bar.tsx'
import { Button } from '#dashboard/ui/button.tsx'
import { Icon, type IconName } from '#dashboard/ui/icon.tsx'
import { Preferences } from './preferences.tsx'
import { ShortcutSheet } from './shortcut-sheet.tsx'
import { usePalette } from './use-palette.tsx'

/** What every page shares: navigation, the field for new links, and banners. */
export function Frame({ children }: { children: ComponentChildren }) {
  const t = text.value.app
  const { path, route } = useLocation()
  const areas = listAreas()
  const [area] = areas
  const main = useRef<HTMLElement>(null)
  const [sheet, setSheet] = useState<'preferences' | 'shortcuts' | null>(null)
  const isFirst = useRef(true)
  const palette = usePalette(setSheet)
  usePaletteKey(palette.open)
  useKeptFocus(main)
  useShortcut('?', () => setSheet('shortcuts'))
  useShortcut('l', () => route(HOME))
  useShortcut('s', () => route(`${HOME}/stats`))

  useEffect(() => {
    if (isFirst.current) isFirst.current = false
    else {
      scrollTo(0, 0)
      main.current?.focus({ preventScroll: true })
    }
  }, [path])

  return (
    <div class="frame">
      <a class="skip" href="#content">
        {t.skip}
      </a>
      <header class="side">
        <a class="brand" href={HOME}>
          <Mark />
          <span>{t.name}</span>
        </a>
        <button
          type="button"
          class="menu-item palette-button"
          title={text.value.palette.open}
          aria-keyshortcuts="Control+K Meta+K"
          onClick={palette.open}
        >
          <Icon name="search" />
          <span>{text.value.links.search}</span>
          <kbd>{PALETTE_KEY}</kbd>
        </button>
        <nav aria-label={t.menu} class="menu">
          <MenuLink
            href={HOME}
            icon="link"
            label={t.links}
            isCurrent={path === HOME || path.startsWith(`${HOME}/links`)}
          />
          <MenuLink
            href={`${HOME}/stats`}
            icon="chart"
            label={t.stats}
            isCurrent={path === `${HOME}/stats`}
          />
          {area !== undefined && (
            <MenuLink
              href={pathOf(area)}
              icon="shield"
              label={text.value.admin.title}
              isCurrent={areas.some((one) => path === pathOf(one))}
            />
          )}
          <MenuLink href={`${BASE}/docs`} icon="book" label={t.docs} isCurrent={false} />
        </nav>
        <button type="button" class="menu-item preferences-button" onClick={() => setSheet('preferences')}>
          <Icon name="sliders" />
          <span>{t.preferences}</span>
        </button>
      </header>
      <div class="body">
        <Banners />
        {may('urls:write') && <CreateBar />}
        <main ref={main} id="content" class="content" tabIndex={-1}>
          {children}
        </main>
      </div>
      {sheet === 'preferences' && (
        <Preferences onClose={() => setSheet(null)} onShortcuts={() => setSheet('shortcuts')} />
      )}
      {palette.element}
      {sheet === 'shortcuts' && <ShortcutSheet onClose={() => setSheet(null)} />}
    </div>
  )
}

function MenuLink({
  href,
  icon,
  label,
  isCurrent
}: {
  href: string
  icon: IconName
  label: string
  isCurrent: boolean
}) {
  return (
    <a class="menu-item" href={href} aria-current={isCurrent ? 'page' : undefined} aria-label={label}>
      <Icon name={icon} />
      <span>{label}</span>
    </a>
  )
}

/** The arrow of the favicon. */
export function Mark() {
  return (
    <svg class="mark" aria-hidden="true" viewBox="0 0 24 24" width="26" height="26">
      <rect width="24" height="24" rx="6" />
      <path d="M8 16l8-8M9.5 8H16v6.5" />
    </svg>
  )
}

/** A smaller difference of the clocks is not worth a banner. */
const CLOCK_NOTICE_MS = 600_000

function Banners() {
  const t = text.value.app
  return (
    <aside aria-label={t.notices}>
      {isOutdated.value && (
        <div class="banner warn" role="status">
          <Icon name="alert" />
          <p>{t.outdated}</p>
          <Button isSmall onClick={() => location.reload()}>
            {t.reload}
          </Button>
        </div>
      )}
      {isOffline.value && (
        <div class="banner bad" role="alert">
          <Icon name="offline" />
          <p>{t.offline}</p>
          <Button isSmall onClick={() => void retryConnection()}>
            {t.retry}
          </Button>
        </div>
      )}
      {Math.abs(clockSkew.value) >= CLOCK_NOTICE_MS && (
        <div class="banner warn" role="status">
          <Icon name="clock" />
          <p>{text.value.browser.clock(formatSpan(Math.round(Math.abs(clockSkew.value) / 60_000) * 60))}</p>
        </div>
      )}
      {isOpen && (
        <div class="banner warn">
          <Icon name="key" />
          <p>{t.openServer}</p>
        </div>
      )}
    </aside>
  )
}
