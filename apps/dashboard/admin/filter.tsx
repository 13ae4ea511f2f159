import { useLocation, useRoute } from 'preact-iso/router'
import { toSearch } from '#dashboard/core/search.ts'

interface FilterProps {
  label: string
  value: string
  options: readonly { value: string; label: string }[]
  onValue: (value: string) => void
}

/** A select among the filters of a list. Its name is read only: each option says what it selects. */
export function FilterSelect({ label, value, options, onValue }: FilterProps) {
  return (
    <select
      class="input filter"
      aria-label={label}
      value={value}
      onChange={(event) => onValue(event.currentTarget.value)}
    >
      {options.map((option) => (
        <option key={option.value} value={option.value} selected={option.value === value}>
          {option.label}
        </option>
      ))}
    </select>
  )
}

/** The filters of a page, which are in its address. An empty one is not. */
export function useFilters<Name extends string>(
  names: readonly Name[]
): [filters: Record<Name, string>, set: (change: Partial<Record<Name, string>>) => void] {
  // Those of this page: the location may already be that of the next one, whose part is loading.
  const { query, path } = useRoute()
  const { route } = useLocation()
  const filters = Object.fromEntries(names.map((name) => [name, query[name] ?? ''])) as Record<Name, string>
  return [filters, (change) => route(path + toSearch({ ...filters, ...change }), true)]
}
