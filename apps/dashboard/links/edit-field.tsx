import { text } from '#dashboard/core/language.ts'
import { SelectField, SwitchField, TextArea, TextField } from '#dashboard/ui/field.tsx'
import { TagInput } from '#dashboard/ui/tag-input.tsx'
import { explainField } from './conflict.tsx'
import { type Field, findError, KNOWN_SECRET, type Value } from './edit-fields.ts'
import { labelOf } from './field-label.ts'
import { SecretField } from './secret-field.tsx'

interface EditFieldProps {
  field: Field
  value: Value
  /** The value before the edit. */
  base: Value | undefined
  isChecked: boolean
  /** Why the server refuses the value. */
  refused: string | undefined
  onValue: (value: Value) => void
}

const TYPES = { time: 'datetime-local', address: 'url', number: 'number' } as const

/** The control of one field. */
export function EditField({ field, value, base, isChecked, refused, onValue }: EditFieldProps) {
  const t = text.value
  const { name, part, kind, minimum, options } = field
  const label = part === null ? labelOf(field) : (t.parts[part] ?? part)
  const hint = part === null ? t.fields[name].hint : undefined
  if (typeof value === 'boolean') return <SwitchField {...{ label, hint, value, onValue }} />
  const found = isChecked || value.length > field.maxLength ? findError(field, value) : undefined
  const error = found ? explainField(found) : refused
  const shared = { label, hint, error, value, onValue }
  if (kind === 'choice')
    return (
      <SelectField
        {...shared}
        options={options.map((option) => ({ value: option, label: t.choices[option] ?? option }))}
      />
    )
  const mark = field.isNullable ? t.app.optional : undefined
  if (name === 'tags')
    return (
      <TagInput
        {...{ label, error, mark }}
        value={value === '' ? [] : value.split(', ')}
        onValue={(names) => onValue(names.join(', '))}
      />
    )
  if (kind === 'secret') return <SecretField {...shared} mark={mark} isSet={base === KNOWN_SECRET} />
  if (kind === 'paragraph') return <TextArea {...shared} mark={mark} />
  const limits = minimum === undefined ? {} : { min: String(minimum) }
  const type = kind in TYPES ? TYPES[kind as keyof typeof TYPES] : 'text'
  return <TextField {...shared} {...limits} mark={mark} type={type} />
}
