import { useSignalEffect } from '@preact/signals'
import { useEffect, useRef, useState } from 'preact/hooks'
import { useLocation } from 'preact-iso/router'
import { api } from '#dashboard/core/api.ts'
import { HOME } from '#dashboard/core/environment.ts'
import { formatAge, formatDate, formatNumber, parseWire } from '#dashboard/core/format.ts'
import { text } from '#dashboard/core/language.ts'
import { useList } from '#dashboard/core/resource.ts'
import { toSearch } from '#dashboard/core/search.ts'
import { useShortcut } from '#dashboard/core/shortcuts.ts'
import { usePageTitle } from '#dashboard/shell/page-title.ts'
import { Button } from '#dashboard/ui/button.tsx'
import { CopyButton } from '#dashboard/ui/copy.tsx'
import { Choice } from '#dashboard/ui/field.tsx'
import { Icon } from '#dashboard/ui/icon.tsx'
import { Empty, ErrorNote, More, Skeleton } from '#dashboard/ui/states.tsx'
import { Table } from '#dashboard/ui/table.tsx'
import type { Url, UrlQuery } from '#schema/shapes/url.ts'
import { applyChange, type Change, lastChange } from './changes.ts'
import { LinkActions } from './link-actions.tsx'
import { LinkStatus } from './link-status.tsx'

type Status = 'all' | 'active' | 'inactive'

const FLAGS = { all: undefined, active: 'true', inactive: 'false' } as const
/** Pause in typing after which the search runs. */
const TYPING_MS = 250

/** The list of links. Search and filters are in the address. */
export default function LinksPage() {
  const t = text.value.links
  usePageTitle(t.title)
  const { query, route } = useLocation()
  const q = query['q'] ?? ''
  const status: Status =
    query['status'] === 'active' || query['status'] === 'inactive' ? query['status'] : 'all'
  const is_active = FLAGS[status]
  const filters: UrlQuery = { ...(q && { q }), ...(is_active && { is_active }) }
  const list = useList<Url>(`links ${status} ${q}`, (from, options) =>
    api.links.list(typeof from === 'string' ? from : { ...from, ...filters }, options)
  )
  const { data } = list
  const isFiltered = q !== '' || status !== 'all'
  const filter = (next: { q?: string; status?: Status }) => {
    const { q: text, status: flag } = { q, status, ...next }
    route(HOME + toSearch({ q: text, status: flag === 'all' ? undefined : flag }), true)
  }

  const latest = useRef(list)
  latest.current = list
  const applied = useRef<Change | null>(lastChange.peek())
  useSignalEffect(() => {
    const change = lastChange.value
    const { data, set } = latest.current
    if (change === null || change === applied.current || data === undefined) return
    applied.current = change
    const rows = applyChange(data.rows, change)
    set({ ...data, rows, total: data.total + rows.length - data.rows.length })
  })

  return (
    <div class="stack">
      <div class="page-head">
        <h1>{t.title}</h1>
        <p class="soft number" role="status">
          {data && t.count(formatNumber(data.total), data.total)}
        </p>
      </div>
      <div class="filters">
        <SearchField value={q} onValue={(q) => filter({ q })} />
        <Choice
          label={t.status}
          value={status}
          options={[
            { value: 'all', label: t.all },
            { value: 'active', label: t.active },
            { value: 'inactive', label: t.inactive }
          ]}
          onValue={(status) => filter({ status })}
        />
      </div>
      {list.error !== undefined && <ErrorNote error={list.error} onRetry={list.reload} />}
      {data === undefined && list.error === undefined && <Skeleton rows={8} />}
      {data?.rows.length === 0 &&
        (isFiltered ? (
          <Empty icon="search" title={t.noMatchTitle} hint={t.noMatchHint}>
            <Button onClick={() => filter({ q: '', status: 'all' })}>{t.reset}</Button>
          </Empty>
        ) : (
          <Empty icon="link" title={t.emptyTitle} hint={t.emptyHint} />
        ))}
      {data && data.rows.length > 0 && <LinkTable rows={data.rows} />}
      {data && (
        <More hasMore={data.next !== null} isReading={list.isReadingMore} label={t.more} onMore={list.more} />
      )}
    </div>
  )
}

/** Searches after a pause in typing. */
function SearchField({ value, onValue }: { value: string; onValue: (value: string) => void }) {
  const t = text.value.links
  const [typed, setTyped] = useState(value)
  const sent = useRef(value)
  const field = useRef<HTMLInputElement>(null)
  // The filters may change during the pause.
  const send = useRef(onValue)
  send.current = onValue
  useShortcut('/', () => field.current?.focus())
  // The address may change otherwise, as by the button that clears the filters.
  useEffect(() => {
    if (value !== sent.current) setTyped(value)
    sent.current = value
  }, [value])
  useEffect(() => {
    if (typed === sent.current) return
    const timer = setTimeout(() => {
      sent.current = typed
      send.current(typed)
    }, TYPING_MS)
    return () => clearTimeout(timer)
  }, [typed])
  return (
    <div class="search">
      <Icon name="search" />
      <input
        ref={field}
        class="input"
        type="search"
        aria-label={t.search}
        placeholder={t.searchHint}
        maxLength={200}
        value={typed}
        onInput={(event) => setTyped(event.currentTarget.value)}
      />
    </div>
  )
}

function LinkTable({ rows }: { rows: readonly Url[] }) {
  const t = text.value.links
  return (
    <Table<Url>
      caption={t.title}
      layout="is-links card"
      rows={rows}
      keyOf={({ id }) => id}
      columns={[
        { id: 'link', label: t.columnLink, isHead: true, render: (url) => <ShortLink url={url} /> },
        { id: 'target', label: t.columnTarget, render: (url) => <Target url={url} /> },
        { id: 'status', label: t.columnStatus, render: (url) => <LinkStatus url={url} /> },
        {
          id: 'created',
          label: t.columnCreated,
          render: ({ created_at }) => (
            <time
              class="soft number"
              dateTime={`${created_at}Z`}
              title={formatDate(parseWire(created_at), 'full')}
            >
              {formatAge(parseWire(created_at))}
            </time>
          )
        },
        {
          id: 'actions',
          label: t.columnActions,
          align: 'end',
          isBare: true,
          render: (url) => (
            <span class="row nowrap">
              <LinkActions url={url} />
            </span>
          )
        }
      ]}
    />
  )
}

function ShortLink({ url }: { url: Url }) {
  return (
    <span class="short-link">
      <a class="cut" href={`${HOME}/links/${url.id}`}>
        {url.short_code}
      </a>
      <CopyButton isIcon value={url.short_url} label={text.value.links.copy(url.short_code)} />
    </span>
  )
}

function Target({ url }: { url: Url }) {
  const shown = url.original_url.replace(/^https?:\/\/(www\.)?/, '')
  return (
    <span class="target">
      {url.title && <span class="cut">{url.title}</span>}
      <span class={url.title ? 'cut soft small' : 'cut'}>{shown}</span>
    </span>
  )
}
