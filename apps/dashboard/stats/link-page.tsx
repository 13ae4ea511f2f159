import { useEffect } from 'preact/hooks'
import { useLocation, useRoute } from 'preact-iso/router'
import { ApiError } from '#apps/client/api-error.ts'
import { api } from '#dashboard/core/api.ts'
import { HOME } from '#dashboard/core/environment.ts'
import { formatDate, formatNumber, parseWire, withoutScheme } from '#dashboard/core/format.ts'
import { text } from '#dashboard/core/language.ts'
import { forgetVisit, noteVisit } from '#dashboard/core/recent.ts'
import { useResource } from '#dashboard/core/resource.ts'
import { may } from '#dashboard/core/session.ts'
import { latestOf } from '#dashboard/links/changes.ts'
import { LinkActions } from '#dashboard/links/link-actions.tsx'
import { LinkStatus } from '#dashboard/links/link-status.tsx'
import { useChanges } from '#dashboard/links/use-changes.ts'
import { usePageTitle } from '#dashboard/shell/page-title.ts'
import { CopyButton } from '#dashboard/ui/copy.tsx'
import { Icon } from '#dashboard/ui/icon.tsx'
import { ErrorNote, Skeleton } from '#dashboard/ui/states.tsx'
import { Tags } from '#dashboard/ui/tags.tsx'
import type { UrlStats } from '#schema/shapes/stats.ts'
import type { Url } from '#schema/shapes/url.ts'
import { Events } from './events.tsx'
import { History } from './history.tsx'
import { toQuery } from './period.ts'
import { PeriodPicker } from './period-picker.tsx'
import { Report } from './report.tsx'
import { usePeriod } from './use-period.ts'

/** One link: what it is, and how it is used. */
export default function LinkPage() {
  const t = text.value
  const { route } = useLocation()
  const { params } = useRoute()
  const id = Number(params['id'])
  const link = useResource<Url>(`link ${id}`, (signal) => api.links.get(id, { signal }))
  const isGone = link.error instanceof ApiError && link.error.status === 404
  const url = isGone ? undefined : link.data
  usePageTitle(url?.short_code ?? t.app.links)
  useEffect(() => {
    if (url) noteVisit(url)
  }, [url])
  useChanges((change) => {
    const own = latestOf(change).get(id)
    if (own?.kind === 'removed') link.reload()
    else if (own !== undefined) link.set(own.url)
  })
  return (
    <div class="stack wide">
      <a class="back small" href={HOME}>
        <Icon name="back" size={16} />
        {t.link.back}
      </a>
      {link.error !== undefined && (
        <>
          <h1 class="hidden">{t.app.links}</h1>
          <ErrorNote error={link.error} onRetry={link.reload} />
        </>
      )}
      {url === undefined && link.error === undefined && <Skeleton rows={3} />}
      {url && (
        <LinkHead
          url={url}
          onRemoved={() => {
            forgetVisit(id)
            route(HOME)
          }}
        />
      )}
      {url && may('stats:read') && <LinkReport id={id} />}
      {url && may('events:read') && <Events id={id} />}
      {url && <History id={id} />}
    </div>
  )
}

function LinkHead({ url, onRemoved }: { url: Url; onRemoved: () => void }) {
  const t = text.value
  const dates = [
    t.link.created(formatDate(parseWire(url.created_at), 'full')),
    url.updated_at !== url.created_at && t.link.changed(formatDate(parseWire(url.updated_at), 'full')),
    url.starts_at && t.link.starts(formatDate(parseWire(url.starts_at), 'full')),
    url.expires_at && t.link.expires(formatDate(parseWire(url.expires_at), 'full'))
  ]
  // A replica of the release before answers without these.
  const rules = [
    url.visits_left != null &&
      t.link.visitsLeft(formatNumber(url.visits_left), formatNumber(url.max_visits ?? 0)),
    url.has_password && t.link.locked,
    url.aliases?.length > 0 && t.link.aliases(url.aliases.join(', '))
  ].filter(Boolean)
  return (
    <header class="link-head">
      <div class="link-name">
        <h1 class="wrap">{withoutScheme(url.short_url)}</h1>
        <LinkStatus url={url} />
      </div>
      {url.title && <p class="link-title wrap">{url.title}</p>}
      <p class="link-target">
        <Icon name="arrow" size={16} />
        <Target address={url.original_url} />
      </p>
      {rules.length > 0 && (
        <p class="small dates">
          {rules.map((rule) => (
            <span key={rule} class="wrap">
              {rule}
            </span>
          ))}
        </p>
      )}
      {url.expired_url && <p class="soft small wrap">{t.link.afterwards(url.expired_url)}</p>}
      {url.note && <p class="link-note wrap">{url.note}</p>}
      {url.tags?.length > 0 && <Tags areLinks names={url.tags} />}
      <p class="soft small dates">
        {dates.filter(Boolean).map((date) => (
          <span key={date}>{date}</span>
        ))}
      </p>
      <div class="row">
        <CopyButton value={url.short_url} label={t.app.copy} kind="primary" />
        <LinkActions url={url} onRemoved={onRemoved} />
      </div>
    </header>
  )
}

/** A link only to what any page may open: an old target may be a script. */
function Target({ address }: { address: string }) {
  if (!/^https?:/i.test(address)) return <span class="wrap">{address}</span>
  return (
    <a class="wrap" href={address} rel="noreferrer noopener" target="_blank">
      {address}
    </a>
  )
}

function LinkReport({ id }: { id: number }) {
  const t = text.value.stats
  const [period, setPeriod] = usePeriod()
  const stats = useResource<UrlStats>(`stats ${id} ${JSON.stringify(period)}`, (signal) =>
    api.links.stats(id, toQuery(period), { signal })
  )
  return (
    <section class="stack" aria-labelledby="report">
      <div class="section-head">
        <h2 id="report">{t.title}</h2>
        <PeriodPicker period={period} onPeriod={setPeriod} />
      </div>
      {stats.error !== undefined && <ErrorNote error={stats.error} onRetry={stats.reload} />}
      {stats.data ? <Report range={stats.data} /> : stats.error === undefined && <Skeleton isTall />}
    </section>
  )
}
