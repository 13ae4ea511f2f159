import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { useLocation } from 'preact-iso/router'
import { HOME } from '#dashboard/core/environment.ts'
import { withoutScheme } from '#dashboard/core/format.ts'
import { text } from '#dashboard/core/language.ts'
import type { RecentLink } from '#dashboard/core/recent.ts'
import { isPaletteKey } from '#dashboard/core/shortcuts.ts'
import { IconButton } from '#dashboard/ui/button.tsx'
import { Dialog } from '#dashboard/ui/dialog.tsx'
import { Icon, type IconName } from '#dashboard/ui/icon.tsx'
import { explain } from '#dashboard/ui/states.tsx'
import { listCommands, matches, type Stage } from './commands.ts'
import { useLinkSearch } from './link-search.ts'

interface Option {
  id: string
  icon: IconName
  label: string
  detail?: string
  run: () => void
}

interface Group {
  id: string
  label: string
  options: Option[]
}

/** The API refuses longer searches. */
const MAX_TYPED = 200

/**
 * Pages, actions and links in one field: a combobox with a list (ARIA Authoring Practices). Links come last,
 * so that answers of the server move nothing that may be selected already.
 */
export default function Palette({
  onClose,
  openSheet
}: {
  onClose: () => void
  openSheet: Stage['openSheet']
}) {
  const t = text.value.palette
  const { path, route } = useLocation()
  const list = useId()
  const [value, setValue] = useState('')
  const [active, setActive] = useState(0)
  const chosen = useRef<Option | null>(null)
  // The dialog gives the focus back as it closes; what runs may move it.
  useEffect(() => () => void setTimeout(() => chosen.current?.run()), [])
  const typed = value.trim()
  const { links, isSearching, error } = useLinkSearch(typed)
  const commands = listCommands({ route, openSheet }).filter(({ label }) => matches(label, typed))
  const toOption = ({ id, short_code, original_url, title }: RecentLink): Option => ({
    id: `link-${id}`,
    icon: 'link',
    label: short_code,
    detail: title ?? withoutScheme(original_url),
    run: () => route(`${HOME}/links/${id}`)
  })
  const others = links.filter(({ id }) => path !== `${HOME}/links/${id}`)
  const groups: Group[] = [
    { id: 'pages', label: t.pages, options: commands.filter(({ group }) => group === 'pages') },
    { id: 'actions', label: t.actions, options: commands.filter(({ group }) => group === 'actions') },
    { id: 'links', label: typed === '' ? t.recent : t.links, options: others.map(toOption) }
  ].filter(({ options }) => options.length > 0)
  // What was viewed last comes first while nothing is typed: no answer follows that could move it.
  if (typed === '') groups.sort((a, b) => Number(b.id === 'links') - Number(a.id === 'links'))
  const options = groups.flatMap(({ options }) => options)
  const selected = options[Math.min(active, options.length - 1)]

  function choose(option: Option | undefined) {
    if (option === undefined) return
    chosen.current = option
    onClose()
  }

  function onKeyDown(event: KeyboardEvent) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step !== undefined && options.length > 0)
      setActive((Math.min(active, options.length - 1) + step + options.length) % options.length)
    else if (event.key === 'Enter' && !event.isComposing) choose(selected)
    else if (isPaletteKey(event)) onClose()
    else return
    event.preventDefault()
  }

  return (
    <Dialog title={t.title} isBare onClose={onClose}>
      <div class="palette-head">
        <Icon name="search" />
        <input
          class="palette-field"
          type="text"
          role="combobox"
          aria-label={t.field}
          aria-expanded={options.length > 0}
          aria-controls={list}
          aria-autocomplete="list"
          aria-activedescendant={selected && `${list}-${selected.id}`}
          placeholder={t.placeholder}
          maxLength={MAX_TYPED}
          autocomplete="off"
          spellcheck={false}
          value={value}
          onInput={(event) => {
            setValue(event.currentTarget.value)
            setActive(0)
          }}
          onKeyDown={onKeyDown}
        />
        <IconButton icon="close" label={text.value.app.close} onClick={onClose} />
      </div>
      <div id={list} class="palette-list" role="listbox" aria-label={t.results}>
        {groups.map((group) => (
          // biome-ignore lint/a11y/useSemanticElements: a fieldset is no part of a listbox
          <div key={group.id} role="group" aria-label={group.label}>
            <p class="palette-group" aria-hidden="true">
              {group.label}
            </p>
            {group.options.map((option) => (
              <PaletteOption
                key={option.id}
                id={`${list}-${option.id}`}
                option={option}
                isSelected={option === selected}
                onSelect={() => setActive(options.indexOf(option))}
                onChoose={() => choose(option)}
              />
            ))}
          </div>
        ))}
      </div>
      <p class="palette-foot soft small" role="status">
        {error ? explain(error) : isSearching ? t.searching : options.length === 0 ? t.none : t.hint}
      </p>
    </Dialog>
  )
}

interface OptionProps {
  id: string
  option: Option
  isSelected: boolean
  onSelect: () => void
  onChoose: () => void
}

function PaletteOption({ id, option, isSelected, onSelect, onChoose }: OptionProps) {
  const element = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (isSelected) element.current?.scrollIntoView({ block: 'nearest' })
  }, [isSelected])
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the field has the focus and the keys
    // biome-ignore lint/a11y/useFocusableInteractive: aria-activedescendant of the field selects it
    <div
      ref={element}
      id={id}
      class="palette-option"
      role="option"
      aria-selected={isSelected}
      onPointerMove={isSelected ? undefined : onSelect}
      onClick={onChoose}
    >
      <Icon name={option.icon} />
      <span class="cut">{option.label}</span>
      {option.detail && <span class="cut soft small">{option.detail}</span>}
    </div>
  )
}
