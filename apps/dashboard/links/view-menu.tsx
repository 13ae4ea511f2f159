import { text } from '#dashboard/core/language.ts'
import { SelectField } from '#dashboard/ui/field.tsx'
import { Popover } from '#dashboard/ui/popover.tsx'
import { COLUMNS, type ColumnName, DEFAULT_SORT, SORTS, type View } from './view.ts'

interface ViewMenuProps {
  view: View
  onSort: (sort: string) => void
  onColumns: (columns: readonly ColumnName[]) => void
}

/** The order and the columns of the list. On a narrow screen there are no heads to sort by. */
export function ViewMenu({ view: { sort, columns }, onSort, onColumns }: ViewMenuProps) {
  const t = text.value.list
  const orders = Object.entries(SORTS).flatMap(([column, name]) => {
    const label = column === 'link' ? t.code : t.columnNames[column as ColumnName]
    return [
      { value: name, label: t.ascending(label) },
      { value: `-${name}`, label: `-${name}` === DEFAULT_SORT ? t.newest : t.descending(label) }
    ]
  })
  return (
    <Popover label={t.view} icon="columns">
      {() => (
        <div class="stack">
          <SelectField label={t.order} value={sort} options={orders} onValue={onSort} />
          <fieldset class="checks">
            <legend class="label">{t.columns}</legend>
            {COLUMNS.map((name) => (
              <label key={name} class="check">
                <input
                  type="checkbox"
                  checked={columns.includes(name)}
                  onChange={({ currentTarget: { checked } }) =>
                    onColumns(checked ? [...columns, name] : columns.filter((one) => one !== name))
                  }
                />
                {t.columnNames[name]}
              </label>
            ))}
          </fieldset>
        </div>
      )}
    </Popover>
  )
}
