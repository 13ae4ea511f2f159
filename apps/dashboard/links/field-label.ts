import { text } from '#dashboard/core/language.ts'
import type { Field } from './edit-fields.ts'

/** The label of a field, or of a part of one. */
export function labelOf({ name, part }: Pick<Field, 'name' | 'part'>): string {
  const { fields, parts } = text.value
  if (part === null) return fields[name].label
  return `${fields[name].label}: ${parts[part] ?? part}`
}
