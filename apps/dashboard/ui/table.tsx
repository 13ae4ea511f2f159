import type { ComponentChildren } from 'preact'

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
}

interface TableProps<Row> {
  caption: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  keyOf: (row: Row) => string | number
  /** Selects the layout: widths of the columns, and the card on a narrow screen. */
  layout: string
}

/** A table; on a narrow screen each row is a card. Roles are named because the layout changes `display`. */
export function Table<Row>({ caption, columns, rows, keyOf, layout }: TableProps<Row>) {
  return (
    // biome-ignore-start lint/a11y/noRedundantRoles: `display: grid` takes the roles away
    <table class={`table ${layout}`} role="table">
      <caption class="hidden">{caption}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map(({ id, label, align, isBare }) => (
            <th key={id} scope="col" role="columnheader" class={`col-${id} ${align ?? ''}`}>
              {isBare ? <span class="hidden">{label}</span> : label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => (
          <tr key={keyOf(row)} role="row">
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
