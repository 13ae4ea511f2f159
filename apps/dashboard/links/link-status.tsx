import { text } from '#dashboard/core/language.ts'
import { Badge } from '#dashboard/ui/states.tsx'
import type { Url } from '#schema/shapes/url.ts'

const TONES = {
  active: 'good',
  used_up: 'warn',
  expired: 'warn',
  scheduled: 'plain',
  inactive: 'plain',
  blocked: 'bad',
  deleted: 'bad'
} as const

/** What a link does now. A replica of the release before knows fewer states. */
export function LinkStatus({ url: { state = 'active', is_active } }: { url: Url }) {
  const shown = state === 'active' && !is_active ? 'inactive' : state
  return <Badge tone={TONES[shown]}>{text.value.tags.states[shown]}</Badge>
}
