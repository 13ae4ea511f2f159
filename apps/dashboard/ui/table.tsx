import type { ComponentChildren } from 'preact'
import { text } from '#dashboard/core/language.ts'
import { useGradually } from './gradually.ts'
import { Icon } from './icon.tsx'

export interface Column<Row> {
  id: string
  label: string
  render: (row: Row) => ComponentChildren
  /** `end` aligns numbers and actions. */
  align?: 'end'
  /** Names the row. */
  isHead?: boolean
  /** Hides the label in the header, as for actions. */
  isBare?: boolean
  /** Replaces the label in the header, as a checkbox for all rows. */
  head?: ComponentChildren
  /** The sort of the API by this column, if there is one. */
  sort?: string | undefined
}

/** The column of what can be done with a row. */
export function actionsColumn<Row>(label: string, render: (row: Row) => ComponentChildren): Column<Row> {
  return {
    id: 'actions',
    label,
    align: 'end',
    isBare: true,
    render: (row) => {
      const actions = render(row)
      return actions && <span class="row nowrap">{actions}</span>
    }
  }
}

interface TableProps<Row> {
  caption: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  keyOf: (row: Row) => string | number
  /** Selects the layout: widths of the columns, and the card on a narrow screen. */
  layout: string
  /** The current sort, with `-` for descending. */
  sort?: string
  /** Called with the {@link Column.sort} whose head is pressed. */
  onSort?: (sort: string) => void
  isMarked?: (row: Row) => boolean
}

/** A table; on a narrow screen each row is a card. Roles are named because the layout changes `display`. */
export function Table<Row>({
  caption,
  columns,
  rows,
  keyOf,
  layout,
  sort,
  onSort,
  isMarked
}: TableProps<Row>) {
  const shown = useGradually(rows)
  return (
    // biome-ignore-start lint/a11y/noRedundantRoles: `display: grid` takes the roles away
    <table class={`table ${layout}`} role="table">
      <caption class="hidden">{caption}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map((column) => (
            <th
              key={column.id}
              scope="col"
              role="columnheader"
              class={`col-${column.id} ${column.align ?? ''}`}
              aria-sort={onSort && column.sort ? orderOf(column.sort, sort) : undefined}
            >
              {onSort && column.sort ? (
                <SortButton label={column.label} name={column.sort} sort={sort} onSort={onSort} />
              ) : (
                (column.head ?? (column.isBare ? <span class="hidden">{column.label}</span> : column.label))
              )}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {shown.map((row) => (
          <tr key={keyOf(row)} role="row" class={isMarked?.(row) ? 'is-marked' : ''}>
            {columns.map(({ id, label, render, align, isHead }) => {
              const name = `col-${id} ${align ?? ''}`
              return isHead ? (
                <th key={id} scope="row" role="rowheader" class={name}>
                  {render(row)}
                </th>
              ) : (
                <td key={id} role="cell" class={name} data-label={label}>
                  {render(row)}
                </td>
              )
            })}
          </tr>
        ))}
      </tbody>
    </table>
    // biome-ignore-end lint/a11y/noRedundantRoles: see above
  )
}

function orderOf(name: string, sort: string | undefined): 'ascending' | 'descending' | 'none' {
  return sort === name ? 'ascending' : sort === `-${name}` ? 'descending' : 'none'
}

interface SortButtonProps {
  label: string
  name: string
  sort: string | undefined
  onSort: (sort: string) => void
}

function SortButton({ label, name, sort, onSort }: SortButtonProps) {
  const order = orderOf(name, sort)
  return (
    <button type="button" class="sort" title={text.value.list.sortBy(label)} onClick={() => onSort(name)}>
      {label}
      {order !== 'none' && <Icon name={order === 'ascending' ? 'up' : 'down'} size={14} />}
    </button>
  )
}
