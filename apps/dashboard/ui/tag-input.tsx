import { useState } from 'preact/hooks'
import { text } from '#dashboard/core/language.ts'
import { useTags } from '#dashboard/core/tags.ts'
import { isTagName, MAX_TAGS, toTagNames } from '#schema/shapes/tag.ts'
import { Field } from './field.tsx'
import { Icon } from './icon.tsx'
import { TagName } from './tags.tsx'

interface TagInputProps {
  label: string
  error?: string | undefined
  mark?: string | undefined
  value: readonly string[]
  onValue: (value: string[]) => void
}

/** The tags of a link: each with a button that removes it, and a field that suggests known ones. */
export function TagInput({ label, error, mark, value, onValue }: TagInputProps) {
  const t = text.value.tags
  const known = useTags()
  const [typed, setTyped] = useState('')

  /** Adds what was typed. A text that is no tag stays in the field. */
  function add(names: string): void {
    const parts = names.split(',').filter((name) => name.trim() !== '')
    const added = parts.filter(isTagName)
    const next = toTagNames([...value, ...added])
    if (next.length > MAX_TAGS) return
    setTyped(parts.filter((name) => !isTagName(name)).join())
    if (added.length > 0) onValue(next)
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key === 'Enter' && typed.trim() !== '') {
      event.preventDefault()
      add(typed)
    } else if (event.key === 'Backspace' && typed === '') onValue(value.slice(0, -1))
  }

  return (
    <Field label={label} mark={mark} error={error} hint={t.inputHint}>
      {(wiring) => (
        <div class="tag-input">
          {value.length > 0 && (
            <ul class="chips">
              {value.map((name) => (
                <li key={name}>
                  <button
                    type="button"
                    class="chip"
                    aria-label={t.drop(name)}
                    onClick={() => onValue(value.filter((one) => one !== name))}
                  >
                    <TagName name={name} color={known.find((tag) => tag.name === name)?.color ?? null} />
                    <Icon name="close" size={14} />
                  </button>
                </li>
              ))}
            </ul>
          )}
          <input
            class="input"
            {...wiring}
            autocomplete="off"
            list={`${wiring.id}-known`}
            value={typed}
            onInput={({ currentTarget: { value: text } }) =>
              text.endsWith(',') ? add(text) : setTyped(text)
            }
            onKeyDown={onKeyDown}
            onBlur={() => add(typed)}
          />
          <datalist id={`${wiring.id}-known`}>
            {known
              .filter(({ name }) => !value.includes(name))
              .map(({ name }) => (
                <option key={name} value={name} />
              ))}
          </datalist>
        </div>
      )}
    </Field>
  )
}
