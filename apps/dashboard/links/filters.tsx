import { useState } from 'preact/hooks'
import { text } from '#dashboard/core/language.ts'
import { Button } from '#dashboard/ui/button.tsx'
import { SelectField, TextField } from '#dashboard/ui/field.tsx'
import { Icon } from '#dashboard/ui/icon.tsx'
import { Popover } from '#dashboard/ui/popover.tsx'
import { URL_STATES } from '#schema/shapes/url.ts'
import { FILTERS, type FilterName, type View } from './view.ts'

type UrlState = (typeof URL_STATES)[number]
type Values = Partial<Record<FilterName, string>>

interface FiltersProps {
  view: View
  /** Sets the filters; an empty value removes one. */
  onFilters: (values: Values) => void
}

const FLAGS: readonly FilterName[] = ['expired', 'has_title', 'has_password']
const TEXTS: readonly FilterName[] = ['user_id', 'short_code']
const TAGS: readonly FilterName[] = ['tags', 'all_tags', 'exclude_tags']

/** The filters that are rarely needed, behind a button. */
export function Filters({ view, onFilters }: FiltersProps) {
  const t = text.value.list
  const count = view.filters.length
  return (
    <Popover label={t.filters} icon="filter" mark={count > 0 ? String(count) : undefined}>
      {(close) => (
        <FilterForm
          values={Object.fromEntries(view.filters)}
          onApply={(values) => {
            onFilters(values)
            close()
          }}
        />
      )}
    </Popover>
  )
}

function FilterForm({ values, onApply }: { values: Values; onApply: (values: Values) => void }) {
  const t = text.value.list
  const [draft, setDraft] = useState<Values>(values)
  const shared = (name: FilterName) => ({
    key: name,
    label: t.filterNames[name],
    value: draft[name] ?? '',
    onValue: (value: string) => setDraft((last) => ({ ...last, [name]: value }))
  })
  return (
    <form
      class="stack"
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        onApply(Object.fromEntries(FILTERS.map((name) => [name, draft[name]?.trim() ?? ''])))
      }}
    >
      <div class="pair">
        <SelectField
          {...shared('state')}
          options={[
            { value: '', label: t.anyValue },
            ...URL_STATES.map((state) => ({ value: state, label: text.value.states[state] }))
          ]}
        />
        {FLAGS.map((name) => (
          <SelectField
            {...shared(name)}
            options={[
              { value: '', label: t.anyValue },
              { value: 'true', label: t.yes },
              { value: 'false', label: t.no }
            ]}
          />
        ))}
        {TEXTS.map((name) => (
          <TextField {...shared(name)} autocomplete="off" />
        ))}
        {FILTERS.filter((name) => /_(?:from|to)$/.test(name)).map((name) => (
          <TextField {...shared(name)} type="date" />
        ))}
        {TAGS.map((name) => (
          <TextField {...shared(name)} autocomplete="off" />
        ))}
      </div>
      <p class="hint">
        {t.daysHint}. {t.tagsHint}.
      </p>
      <footer class="dialog-foot">
        <Button onClick={() => onApply(Object.fromEntries(FILTERS.map((name) => [name, ''])))}>
          {text.value.links.reset}
        </Button>
        <Button type="submit" kind="primary">
          {t.apply}
        </Button>
      </footer>
    </form>
  )
}

/** The filters that are set, each with a button that removes it. */
export function FilterChips({ view, onFilters }: FiltersProps) {
  const t = text.value.list
  if (view.filters.length === 0) return null
  const show = (name: FilterName, value: string) => {
    if (name === 'state') return text.value.states[value as UrlState] ?? value
    return value === 'true' ? t.yes : value === 'false' ? t.no : value
  }
  return (
    <ul class="chips">
      {view.filters.map(([name, value]) => (
        <li key={name}>
          <button type="button" class="chip" onClick={() => onFilters({ [name]: '' })}>
            <span class="hidden">{t.dropFilter}</span>
            <span class="soft">{t.filterNames[name]}</span> <span class="cut">{show(name, value)}</span>
            <Icon name="close" size={14} />
          </button>
        </li>
      ))}
    </ul>
  )
}
