import type { ComponentChildren, InputHTMLAttributes } from 'preact'
import { useId } from 'preact/hooks'

interface FieldProps {
  label: string
  hint?: string | undefined
  error?: string | undefined
  /** Shown after the label, such as “optional”. */
  mark?: string | undefined
}

interface Wiring {
  id: string
  'aria-describedby': string | undefined
  'aria-invalid': boolean
}

/** A control with its label, hint and error. */
export function Field({
  label,
  hint,
  error,
  mark,
  children
}: FieldProps & { children: (wiring: Wiring) => ComponentChildren }) {
  const id = useId()
  const notes = [error && `${id}-error`, hint && `${id}-hint`].filter(Boolean).join(' ')
  return (
    <div class="field">
      <label for={id} class="label">
        {label}
        {mark && <span class="soft"> · {mark}</span>}
      </label>
      {children({ id, 'aria-describedby': notes || undefined, 'aria-invalid': Boolean(error) })}
      {error && (
        <p class="field-error" id={`${id}-error`} role="alert">
          {error}
        </p>
      )}
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  )
}

interface TextProps extends FieldProps {
  value: string
  onValue: (value: string) => void
  disabled?: boolean
}

interface InputProps extends TextProps {
  type?: 'text' | 'url' | 'number' | 'password' | 'date' | 'datetime-local' | 'color'
  required?: boolean
  maxLength?: number
  min?: string
  max?: string
  autocomplete?: 'off' | 'current-password'
  placeholder?: string
  /** The id of a `datalist`. */
  list?: string
  onBlur?: () => void
}

export function TextField({ label, hint, error, mark, value, onValue, ...rest }: InputProps) {
  return (
    <Field {...{ label, hint, error, mark }}>
      {(wiring) => (
        <input
          class="input"
          {...(rest as InputHTMLAttributes<HTMLInputElement>)}
          {...wiring}
          value={value}
          onInput={(event) => onValue(event.currentTarget.value)}
        />
      )}
    </Field>
  )
}

export function TextArea({ label, hint, error, mark, value, onValue, ...rest }: TextProps) {
  return (
    <Field {...{ label, hint, error, mark }}>
      {(wiring) => (
        <textarea
          class="input"
          rows={3}
          {...rest}
          {...wiring}
          value={value}
          onInput={(event) => onValue(event.currentTarget.value)}
        />
      )}
    </Field>
  )
}

interface SelectProps<Value extends string> extends FieldProps {
  value: Value
  options: readonly { value: Value; label: string }[]
  onValue: (value: Value) => void
}

export function SelectField<Value extends string>({
  label,
  hint,
  error,
  mark,
  value,
  options,
  onValue
}: SelectProps<Value>) {
  return (
    <Field {...{ label, hint, error, mark }}>
      {(wiring) => (
        <select
          class="input select"
          {...wiring}
          value={value}
          onChange={(event) => onValue(event.currentTarget.value as Value)}
        >
          {options.map((option) => (
            <option key={option.value} value={option.value} selected={option.value === value}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}

/** A checkbox in the shape of a switch. */
export function SwitchField({
  label,
  hint,
  value,
  onValue
}: {
  label: string
  hint?: string | undefined
  value: boolean
  onValue: (value: boolean) => void
}) {
  const id = useId()
  return (
    <div class="field switch-field">
      <input
        id={id}
        class="switch"
        type="checkbox"
        role="switch"
        aria-checked={value}
        checked={value}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={(event) => onValue(event.currentTarget.checked)}
      />
      <label for={id} class="label">
        {label}
      </label>
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  )
}

interface ChoiceProps<Value extends string> {
  label: string
  value: Value
  options: readonly { value: Value; label: string }[]
  onValue: (value: Value) => void
}

/** A few options side by side, of which one is chosen. */
export function Choice<Value extends string>({ label, value, options, onValue }: ChoiceProps<Value>) {
  const name = useId()
  return (
    <fieldset class="choice">
      <legend class="hidden">{label}</legend>
      {options.map((option) => (
        <label key={option.value}>
          <input
            type="radio"
            name={name}
            checked={option.value === value}
            onChange={() => onValue(option.value)}
          />
          <span>{option.label}</span>
        </label>
      ))}
    </fieldset>
  )
}
