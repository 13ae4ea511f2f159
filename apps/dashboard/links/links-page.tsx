import { useSignalEffect } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { useLocation } from 'preact-iso/router'
import { api } from '#dashboard/core/api.ts'
import { useCursorList } from '#dashboard/core/cursor.ts'
import { HOME } from '#dashboard/core/environment.ts'
import { formatNumber } from '#dashboard/core/format.ts'
import { text } from '#dashboard/core/language.ts'
import { toSearch } from '#dashboard/core/search.ts'
import { usePageTitle } from '#dashboard/shell/page-title.ts'
import { CopyButton } from '#dashboard/ui/copy.tsx'
import { Choice } from '#dashboard/ui/field.tsx'
import { Age, List } from '#dashboard/ui/list.tsx'
import { SearchField } from '#dashboard/ui/search.tsx'
import { Table } from '#dashboard/ui/table.tsx'
import type { Url, UrlQuery } from '#schema/shapes/url.ts'
import { applyChange, type Change, lastChange } from './changes.ts'
import { LinkActions } from './link-actions.tsx'
import { LinkStatus } from './link-status.tsx'

type Status = 'all' | 'active' | 'inactive'

const FLAGS = { all: undefined, active: 'true', inactive: 'false' } as const

/** The list of links. Search and filters are in the address. */
export default function LinksPage() {
  const t = text.value.links
  usePageTitle(t.title)
  const { query: address, route } = useLocation()
  const q = address['q'] ?? ''
  const status: Status =
    address['status'] === 'active' || address['status'] === 'inactive' ? address['status'] : 'all'
  const is_active = FLAGS[status]
  const query: UrlQuery = { sort: '-id', count: 'true', ...(q && { q }), ...(is_active && { is_active }) }
  const list = useCursorList<Url, UrlQuery>(`links ${status} ${q}`, api.links.list, query)
  const total = list.data?.total ?? null
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
    const total = data.total === null ? null : data.total + rows.length - data.rows.length
    set({ ...data, rows, total })
  })

  return (
    <div class="stack">
      <div class="page-head">
        <h1>{t.title}</h1>
        <p class="soft number" role="status">
          {total !== null && t.count(formatNumber(total), total)}
        </p>
      </div>
      <div class="filters">
        <SearchField label={t.search} hint={t.searchHint} value={q} onValue={(q) => filter({ q })} />
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
      <List
        list={list}
        isFiltered={isFiltered}
        onReset={() => filter({ q: '', status: 'all' })}
        empty={{ icon: 'link', title: t.emptyTitle, hint: t.emptyHint }}
        noMatch={{ title: t.noMatchTitle, hint: t.noMatchHint }}
        expected={8}
      >
        {(rows) => <LinkTable rows={rows} />}
      </List>
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
          render: ({ created_at }) => <Age time={created_at} />
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
