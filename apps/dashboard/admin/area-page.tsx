import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { text } from '#dashboard/core/language.ts'
import { usePageTitle } from '#dashboard/shell/page-title.ts'
import { Empty } from '#dashboard/ui/states.tsx'
import { type Area, listAreas, pathOf } from './areas.ts'

interface AreaPageProps {
  area: Area
  /** Beside the title, such as a count. */
  note?: string | undefined
  action?: ComponentChildren
  children: ComponentChildren
}

/** A page of the administration: its title and the way to the others. Its content needs the area's scope. */
export function AreaPage({ area, note, action, children }: AreaPageProps) {
  const t = text.value.admin
  usePageTitle(t.tabs[area])
  const areas = listAreas()
  const tabs = useRef<HTMLElement>(null)
  useEffect(() => {
    // On a narrow screen the tab of this page may be outside.
    const current = tabs.current?.querySelector('[aria-current]')
    current?.scrollIntoView({ block: 'nearest', inline: 'center' })
  }, [])
  return (
    <div class="stack">
      <nav ref={tabs} class="tabs" aria-label={t.title}>
        {areas.map((one) => (
          <a key={one} href={pathOf(one)} aria-current={one === area ? 'page' : undefined}>
            {t.tabs[one]}
          </a>
        ))}
      </nav>
      <div class="page-head">
        <h1>{t.tabs[area]}</h1>
        <p class="soft number" role="status">
          {note}
        </p>
        {action && <div class="push">{action}</div>}
      </div>
      {areas.includes(area) ? children : <Empty icon="key" title={t.forbiddenTitle} hint={t.forbiddenHint} />}
    </div>
  )
}
