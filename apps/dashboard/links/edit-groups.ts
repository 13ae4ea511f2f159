import { type Draft, FIELDS, type Field, toDraft } from './edit-fields.ts'

/** The parts of the editor. A field in none of them is in the first. */

const GROUPS = {
  when: ['starts_at', 'expires_at', 'expired_url', 'max_visits'],
  how: ['redirect_status', 'forward_query', 'utm'],
  access: ['short_code', 'keep_old_code', 'aliases', 'password', 'user_id']
} as const

export type GroupName = keyof typeof GROUPS

export interface Group {
  /** Null for the fields that are always shown. */
  name: GroupName | null
  fields: readonly Field[]
}

/** A link that uses none of its rules. */
const PLAIN = toDraft({ redirect_status: 302 })

const grouped: readonly string[] = Object.values(GROUPS).flat()
const isIn = (names: readonly string[]) => FIELDS.filter(({ name }) => names.includes(name))

export const EDITOR_GROUPS: readonly Group[] = [
  { name: null, fields: FIELDS.filter(({ name }) => !grouped.includes(name)) },
  ...(Object.keys(GROUPS) as GroupName[]).map((name) => ({ name, fields: isIn(GROUPS[name]) }))
].filter(({ fields }) => fields.length > 0)

/** True if the link uses a field of the group. */
export function isUsed({ fields }: Group, draft: Draft): boolean {
  return fields.some(({ path }) => draft[path] !== PLAIN[path])
}
