import { now } from '#dashboard/core/clock.ts'
import { parseWire } from '#dashboard/core/format.ts'
import { text } from '#dashboard/core/language.ts'
import { Badge } from '#dashboard/ui/states.tsx'
import type { Url } from '#schema/shapes/url.ts'

const TONES = { active: 'good', scheduled: 'plain', inactive: 'plain', deleted: 'plain' } as const

/** What the link does now. The server said so when the link was read; times may have passed since. */
export function LinkStatus({ url }: { url: Url }) {
  const state = currentState(url)
  const tone = state in TONES ? TONES[state as keyof typeof TONES] : 'warn'
  return <Badge tone={tone}>{text.value.states[state]}</Badge>
}

function currentState({ state, is_active, starts_at, expires_at }: Url): Url['state'] {
  if (state === 'deleted' || state === 'blocked') return state
  if (!is_active) return 'inactive'
  const isPast = (time: string | null) => time !== null && parseWire(time).getTime() <= now()
  // A replica of the release before answers without it.
  if (starts_at != null && !isPast(starts_at)) return 'scheduled'
  if (state === 'used_up') return state
  return isPast(expires_at) ? 'expired' : 'active'
}
