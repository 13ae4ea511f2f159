import { useState } from 'preact/hooks'
import { ApiError } from '#apps/client/api-error.ts'
import type { CursorList } from '#dashboard/core/cursor.ts'
import { HOME } from '#dashboard/core/environment.ts'
import { toWire } from '#dashboard/core/format.ts'
import { text } from '#dashboard/core/language.ts'
import { IconButton } from '#dashboard/ui/button.tsx'
import { CopyButton } from '#dashboard/ui/copy.tsx'
import { Differences } from '#dashboard/ui/differences.tsx'
import { ICONS, Icon } from '#dashboard/ui/icon.tsx'
import { Age, List } from '#dashboard/ui/list.tsx'
import { SearchField } from '#dashboard/ui/search.tsx'
import { Badge, Empty, ErrorNote, More, Skeleton } from '#dashboard/ui/states.tsx'
import { actionsColumn, Table } from '#dashboard/ui/table.tsx'
import { showToast } from '#dashboard/ui/toast.tsx'

/** The part of the reference that shows lists, their states and the icons. */

interface Sample {
  id: number
  code: string
  title: string
  state: 'good' | 'plain' | 'warn' | 'bad'
  created: string
}

const MINUTE_MS = 60_000
const SAMPLE_CREATION = { before: null, after: { title: HOME, note: '', is_active: true, short_code: 'a' } }
const SAMPLE_CHANGE = { before: { title: 'A', note: null }, after: { title: 'B', note: HOME } }
const STATES = ['good', 'plain', 'warn', 'bad'] as const

export const sampleError = (detail: string) =>
  new ApiError({ code: '', status: 503, title: detail, detail, requestId: HOME })

/** A list that has been read. */
function listOf(rows: Sample[]): CursorList<Sample> {
  const data = { rows, next: null, total: rows.length }
  return { data, error: undefined, isReadingMore: false } as unknown as CursorList<Sample>
}

export function GalleryLists() {
  const t = text.value
  const [q, setQ] = useState('')
  const rows = STATES.map((state, index) => ({
    id: index,
    code: `${t.gallery.title.slice(0, 3)}${index}`.repeat(index === 3 ? 12 : 1),
    title: t.gallery.lead.repeat(index === 3 ? 5 : 1),
    state,
    created: toWire(new Date(Date.now() - 4 ** index * MINUTE_MS))
  }))
  const empty = { icon: 'link', title: t.links.emptyTitle, hint: t.links.emptyHint } as const
  return (
    <>
      <section class="stack">
        <h2>{t.gallery.lists}</h2>
        <div class="filters">
          <SearchField label={t.links.search} hint={t.links.searchHint} value={q} onValue={setQ} />
        </div>
        <List list={listOf(rows)} empty={empty}>
          {(rows) => <SampleTable rows={rows} />}
        </List>
        <More hasMore isReading label={t.links.more} onMore={() => undefined} />
        <div class="card">
          <List list={listOf([])} isFiltered onReset={() => setQ('')} empty={empty}>
            {() => null}
          </List>
        </div>
      </section>
      <section class="card stack">
        <h2>{t.gallery.states}</h2>
        <Skeleton rows={2} />
        <ErrorNote error={sampleError(t.gallery.error)} onRetry={() => showToast(t.gallery.toastText)} />
        <Empty {...empty} />
      </section>
      <section class="card stack">
        <h2>{t.audit.differences}</h2>
        <Differences entry={SAMPLE_CHANGE} />
        <Differences entry={SAMPLE_CREATION} />
      </section>
      <section class="card stack">
        <h2>{t.gallery.icons}</h2>
        <div class="row icons">
          {ICONS.map((name) => (
            <Icon key={name} name={name} />
          ))}
        </div>
      </section>
    </>
  )
}

function SampleTable({ rows }: { rows: readonly Sample[] }) {
  const t = text.value
  const [sort, setSort] = useState('-created')
  const labels = {
    good: t.links.active,
    plain: t.links.inactive,
    warn: t.links.expired,
    bad: t.gallery.danger
  }
  return (
    <Table<Sample>
      caption={t.gallery.lists}
      layout="is-links card"
      rows={rows}
      sort={sort}
      onSort={(name) => setSort(sort === name ? `-${name}` : name)}
      keyOf={({ id }) => id}
      columns={[
        {
          id: 'link',
          label: t.links.columnLink,
          isHead: true,
          render: ({ code }) => (
            <span class="short-link">
              <span class="cut strong">{code}</span>
              <CopyButton isIcon value={code} label={t.links.copy(code)} />
            </span>
          )
        },
        {
          id: 'target',
          label: t.links.columnTarget,
          render: ({ title }) => <span class="cut">{title}</span>
        },
        {
          id: 'status',
          label: t.links.columnStatus,
          render: ({ state }) => <Badge tone={state}>{labels[state]}</Badge>
        },
        {
          id: 'created',
          label: t.links.columnCreated,
          sort: 'created',
          render: ({ created }) => <Age time={created} />
        },
        actionsColumn(t.links.columnActions, () => (
          <>
            <IconButton icon="pencil" label={t.links.edit} />
            <IconButton icon="trash" label={t.links.remove} />
          </>
        ))
      ]}
    />
  )
}
