import { api } from '#dashboard/core/api.ts'
import { HOME } from '#dashboard/core/environment.ts'
import { formatNumber, withoutScheme } from '#dashboard/core/format.ts'
import { text } from '#dashboard/core/language.ts'
import { useResource } from '#dashboard/core/resource.ts'
import { usePageTitle } from '#dashboard/shell/page-title.ts'
import { Empty, ErrorNote, Skeleton } from '#dashboard/ui/states.tsx'
import type { OverallStats } from '#schema/shapes/stats.ts'
import { toQuery } from './period.ts'
import { PeriodPicker } from './period-picker.tsx'
import { Report } from './report.tsx'
import { usePeriod } from './use-period.ts'

/** All links together, and the most clicked ones. */
export default function StatsPage() {
  const t = text.value.stats
  usePageTitle(t.title)
  const [period, setPeriod] = usePeriod()
  const stats = useResource<OverallStats>(`stats ${JSON.stringify(period)}`, (signal) =>
    api.stats.get(toQuery(period), { signal })
  )
  return (
    <div class="stack wide">
      <div class="section-head">
        <h1>{t.title}</h1>
        <PeriodPicker period={period} onPeriod={setPeriod} />
      </div>
      {stats.error !== undefined && <ErrorNote error={stats.error} onRetry={stats.reload} />}
      {stats.data === undefined && stats.error === undefined && <Skeleton isTall />}
      {stats.data && <Report range={stats.data} />}
      {stats.data && <Top top={stats.data.top} />}
    </div>
  )
}

function Top({ top }: { top: OverallStats['top'] }) {
  const t = text.value.stats
  const most = Math.max(1, ...top.map(({ clicks }) => clicks))
  return (
    <section class="card stack" aria-labelledby="top">
      <h2 id="top">{t.top}</h2>
      {top.length === 0 && <Empty icon="chart" title={t.topEmpty} hint={t.topEmptyHint} />}
      <ol class="top">
        {top.map(({ url_id, short_code, title, original_url, clicks }) => (
          <li key={url_id}>
            <svg class="top-bar" aria-hidden="true" preserveAspectRatio="none" viewBox="0 0 100 1">
              <rect width={(100 * clicks) / most} height="1" />
            </svg>
            <a class="cut" href={`${HOME}/links/${url_id}`}>
              {short_code}
            </a>
            <span class="soft cut">{title ?? withoutScheme(original_url)}</span>
            <span class="number push">{formatNumber(clicks)}</span>
          </li>
        ))}
      </ol>
    </section>
  )
}
