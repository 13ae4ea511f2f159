import { useFilters } from '#dashboard/admin/filter.tsx'
import { formatNumber } from '#dashboard/core/format.ts'
import { text } from '#dashboard/core/language.ts'
import { usePageTitle } from '#dashboard/shell/page-title.ts'
import { Choice } from '#dashboard/ui/field.tsx'
import { List } from '#dashboard/ui/list.tsx'
import { SearchField } from '#dashboard/ui/search.tsx'
import { FilterChips, Filters } from './filters.tsx'
import { LinkTable } from './link-table.tsx'
import { useSelection } from './selection.ts'
import { SelectionBar } from './selection-bar.tsx'
import { useLinks } from './use-links.ts'
import { DEFAULT_SORT, FILTERS, formatColumns, nextSort, PARAMETERS, readView } from './view.ts'
import { ViewMenu } from './view-menu.tsx'

const NO_FILTERS = Object.fromEntries(FILTERS.map((name) => [name, '']))

/** The list of links. Search, filters, sort and columns are in the address. */
export default function LinksPage() {
  const t = text.value.links
  usePageTitle(t.title)
  const [parameters, set] = useFilters(PARAMETERS)
  const view = readView(parameters)
  const list = useLinks(view.query, view)
  const selection = useSelection()
  const total = list.data?.total ?? null
  const onSort = (sort: string) => set({ sort: sort === DEFAULT_SORT ? '' : sort })
  return (
    <div class="stack">
      <div class="page-head">
        <h1>{t.title}</h1>
        <p class="soft number" role="status">
          {total !== null && t.count(formatNumber(total) + (list.data?.isTotalExact ? '' : '+'), total)}
        </p>
      </div>
      <div class="filters">
        <SearchField label={t.search} hint={t.searchHint} value={parameters.q} onValue={(q) => set({ q })} />
        <Choice
          label={t.status}
          value={view.status}
          options={[
            { value: 'all', label: t.all },
            { value: 'active', label: t.active },
            { value: 'inactive', label: t.inactive }
          ]}
          onValue={(status) => set({ status: status === 'all' ? '' : status })}
        />
        <Filters view={view} onFilters={set} />
        <ViewMenu
          view={view}
          onSort={onSort}
          onColumns={(columns) => set({ columns: formatColumns(columns) })}
        />
      </div>
      <FilterChips view={view} onFilters={set} />
      {selection.urls.size > 0 && <SelectionBar selection={selection} query={view.query} list={list} />}
      <List
        list={list}
        isFiltered={view.isFiltered}
        onReset={() => set({ ...NO_FILTERS, q: '', status: '' })}
        empty={{ icon: 'link', title: t.emptyTitle, hint: t.emptyHint }}
        noMatch={{ title: t.noMatchTitle, hint: t.noMatchHint }}
        expected={8}
      >
        {(rows) => (
          <LinkTable
            rows={rows}
            view={view}
            selection={selection}
            onSort={(name) => onSort(nextSort(view.sort, name))}
          />
        )}
      </List>
    </div>
  )
}
