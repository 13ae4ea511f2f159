import { useEffect, useRef } from 'preact/hooks'
import { HOME } from '#dashboard/core/environment.ts'
import { withoutScheme } from '#dashboard/core/format.ts'
import { text } from '#dashboard/core/language.ts'
import { remember } from '#dashboard/core/resource.ts'
import { may } from '#dashboard/core/session.ts'
import { CopyButton } from '#dashboard/ui/copy.tsx'
import { Age } from '#dashboard/ui/list.tsx'
import { actionsColumn, type Column, Table } from '#dashboard/ui/table.tsx'
import { Tags } from '#dashboard/ui/tags.tsx'
import type { Url } from '#schema/shapes/url.ts'
import { InPlace } from './in-place.tsx'
import { LinkActions } from './link-actions.tsx'
import { LinkStatus } from './link-status.tsx'
import { SelectAll, SelectBox } from './select-box.tsx'
import type { Selection } from './selection.ts'
import { type ColumnName, SORTS, type SortName, type View } from './view.ts'

interface LinkTableProps {
  rows: readonly Url[]
  view: View
  selection: Selection
  onSort: (name: SortName) => void
}

/** The table of links, with the columns of the view. */
export function LinkTable({ rows, view, selection, onSort }: LinkTableProps) {
  const t = text.value
  const maySelect = may('urls:write')
  const last = useRef<number | null>(null)
  // The page of a link is the likeliest next one, so its part is loaded ahead.
  useEffect(() => void import('#dashboard/stats/link-page.tsx').catch(() => undefined), [])

  function press(url: Url, isSelected: boolean, isRange: boolean) {
    const from = isRange ? rows.findIndex(({ id }) => id === last.current) : -1
    const to = rows.indexOf(url)
    last.current = url.id
    selection.select(from < 0 ? [url] : rows.slice(Math.min(from, to), Math.max(from, to) + 1), isSelected)
  }

  const columns: Column<Url>[] = [
    { id: 'link', label: t.links.columnLink, isHead: true, render: (url) => <ShortLink url={url} /> },
    ...view.columns.map((name) => ({
      id: name,
      label: t.list.columnNames[name],
      render: (url: Url) => <Cell name={name} url={url} view={view} />
    })),
    actionsColumn(t.links.columnActions, (url) => <LinkActions url={url} />)
  ]
  const select: Column<Url> = {
    id: 'select',
    label: t.list.selection,
    head: <SelectAll rows={rows} selection={selection} />,
    render: (url) => (
      <SelectBox
        url={url}
        isSelected={selection.urls.has(url.id)}
        onPress={(isSelected, isRange) => press(url, isSelected, isRange)}
      />
    )
  }
  const layout = ['is-links', maySelect ? 'has-select' : '', view.columns.length > 4 ? 'has-many' : '']
  return (
    <div class="card table-frame">
      <Table<Url>
        caption={t.links.title}
        layout={layout.filter(Boolean).join(' ')}
        rows={rows}
        keyOf={({ id }) => id}
        columns={[...(maySelect ? [select] : []), ...columns].map((column) => ({
          ...column,
          sort: SORTS[column.id as ColumnName | 'link']
        }))}
        sort={view.sort}
        onSort={(name) => onSort(name as SortName)}
        isMarked={({ id }) => selection.urls.has(id)}
      />
    </div>
  )
}

function Cell({ name, url, view }: { name: ColumnName; url: Url; view: View }) {
  const t = text.value
  switch (name) {
    case 'title':
      return (
        <InPlace url={url} names={['title']}>
          <span class="cut">{url.title}</span>
        </InPlace>
      )
    case 'target': {
      const isAlone = view.columns.includes('title')
      return (
        <>
          <InPlace url={url} names={isAlone ? ['original_url'] : ['title', 'original_url']}>
            <Target url={url} isAlone={isAlone} />
          </InPlace>
          {!view.columns.includes('tags') && <TagsOf url={url} />}
        </>
      )
    }
    case 'status':
      return <LinkStatus url={url} />
    case 'created':
      return <Age time={url.created_at} />
    case 'updated':
      return <Age time={url.updated_at} />
    case 'expires':
      return url.expires_at === null ? (
        <span class="soft">{t.list.never}</span>
      ) : (
        <Age time={url.expires_at} />
      )
    case 'owner':
      return <span class="soft number">{url.user_id}</span>
    case 'id':
      return <span class="soft number">{url.id}</span>
    case 'tags':
      return <TagsOf url={url} />
    case 'note':
      return <span class="cut soft">{url.note}</span>
  }
}

/** A replica of the release before answers without tags. */
function TagsOf({ url: { tags = [] } }: { url: Url }) {
  return tags.length > 0 ? <Tags names={tags} /> : null
}

function ShortLink({ url }: { url: Url }) {
  return (
    <span class="short-link">
      <a
        class="cut"
        href={`${HOME}/links/${url.id}`}
        // The page of the link then shows this row at once, and reads all the rest at the same time.
        onClick={() => remember(`link ${url.id}`, url)}
      >
        {url.short_code}
      </a>
      <CopyButton isIcon value={url.short_url} label={text.value.links.copy(url.short_code)} />
    </span>
  )
}

function Target({ url, isAlone }: { url: Url; isAlone: boolean }) {
  const shown = withoutScheme(url.original_url).replace(/^www\./, '')
  const isSecond = !isAlone && Boolean(url.title)
  return (
    <span class="target">
      {isSecond && <span class="cut">{url.title}</span>}
      <span class={isSecond ? 'cut soft small' : 'cut'}>{shown}</span>
    </span>
  )
}
