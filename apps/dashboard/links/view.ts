import { URL_SORTS, type UrlQuery } from '#schema/shapes/url-query.ts'

/** What the list of links shows: search, filters, sort and columns, as the address of the page has them. */

/** The filters besides search and status, by their names in the API. */
export const FILTERS = [
  'expired',
  'has_title',
  'user_id',
  'short_code',
  'created_from',
  'created_to',
  'updated_from',
  'updated_to',
  'expires_from',
  'expires_to',
  'tags',
  'all_tags',
  'exclude_tags',
  'state',
  'has_password'
] as const
export type FilterName = (typeof FILTERS)[number]

export const COLUMNS = [
  'title',
  'target',
  'status',
  'created',
  'updated',
  'expires',
  'owner',
  'note',
  'tags',
  'id'
] as const
export type ColumnName = (typeof COLUMNS)[number]

export type SortName = (typeof URL_SORTS)[number]

/** The columns with a sort, and the code, which is always shown. */
export const SORTS: Partial<Record<ColumnName | 'link', SortName>> = {
  link: 'short_code',
  title: 'title',
  created: 'created_at',
  updated: 'updated_at',
  expires: 'expires_at',
  owner: 'user_id',
  id: 'id'
}

const DEFAULT_COLUMNS: readonly ColumnName[] = ['target', 'status', 'created']
export const DEFAULT_SORT = '-id'

/** The parameters of the address. */
export const PARAMETERS = ['q', 'status', 'sort', 'columns', ...FILTERS] as const
export type Parameters = Record<(typeof PARAMETERS)[number], string>

export type Status = 'all' | 'active' | 'inactive'

export interface View {
  status: Status
  sort: string
  columns: readonly ColumnName[]
  /** The filters that are set, in the order of {@link FILTERS}. */
  filters: [name: FilterName, value: string][]
  isFiltered: boolean
  query: UrlQuery
}

/** Reads the address. What it names and this release lacks is left out. */
export function readView(parameters: Parameters): View {
  const { q, status: named, sort: wanted, columns } = parameters
  const status = named === 'active' || named === 'inactive' ? named : 'all'
  const sort = URL_SORTS.some((one) => one === wanted.replace(/^-/, '')) ? wanted : DEFAULT_SORT
  const filters = FILTERS.flatMap((name): [FilterName, string][] =>
    parameters[name] === '' ? [] : [[name, parameters[name]]]
  )
  // The server checks the values.
  const query = {
    sort,
    count: 'true',
    ...(q && { q }),
    ...(status !== 'all' && { is_active: String(status === 'active') }),
    ...Object.fromEntries(filters)
  } as unknown as UrlQuery
  return {
    status,
    sort,
    columns: columns === '' ? DEFAULT_COLUMNS : COLUMNS.filter((name) => columns.split(',').includes(name)),
    filters,
    isFiltered: q !== '' || status !== 'all' || filters.length > 0,
    query
  }
}

/** The parameter for a choice of columns; empty for the default. */
export function formatColumns(columns: readonly ColumnName[]): string {
  const chosen = COLUMNS.filter((name) => columns.includes(name)).join(',')
  return chosen === DEFAULT_COLUMNS.join(',') ? '' : chosen || 'none'
}

/** The sort after a press on the head of a column: ascending, descending, the default. */
export function nextSort(current: string, name: SortName): string {
  if (current === name) return `-${name}`
  return current === `-${name}` && current !== DEFAULT_SORT ? '' : name
}
