import { text } from '#dashboard/core/language.ts'
import { SwitchField, TextField } from '#dashboard/ui/field.tsx'
import { KNOWN_SECRET } from './edit-fields.ts'

interface SecretFieldProps {
  label: string
  hint: string | undefined
  error: string | undefined
  mark: string | undefined
  /** {@link KNOWN_SECRET} keeps the secret of the link; an empty value removes it. */
  value: string
  /** True if the link has a secret. */
  isSet: boolean
  onValue: (value: string) => void
}

/** A secret that is never shown. An empty input keeps that of the link, because only the switch removes it. */
export function SecretField({ value, isSet, onValue, ...rest }: SecretFieldProps) {
  const kept = isSet ? KNOWN_SECRET : ''
  const isRemoved = isSet && value === ''
  return (
    <>
      <TextField
        {...rest}
        type="password"
        autocomplete="off"
        disabled={isRemoved}
        placeholder={isRemoved ? '' : kept}
        value={value === KNOWN_SECRET ? '' : value}
        onValue={(typed) => onValue(typed || kept)}
      />
      {isSet && (
        <SwitchField
          label={text.value.edit.removePassword}
          value={isRemoved}
          onValue={(isOn) => onValue(isOn ? '' : KNOWN_SECRET)}
        />
      )}
    </>
  )
}
