import { now } from '#dashboard/core/clock.ts'
import { parseWire } from '#dashboard/core/format.ts'
import { text } from '#dashboard/core/language.ts'
import { Badge } from '#dashboard/ui/states.tsx'
import type { Url } from '#schema/shapes/url.ts'

export function LinkStatus({ url }: { url: Url }) {
  const t = text.value.links
  if (!url.is_active) return <Badge tone="plain">{t.inactive}</Badge>
  if (url.expires_at && parseWire(url.expires_at).getTime() <= now())
    return <Badge tone="warn">{t.expired}</Badge>
  return <Badge tone="good">{t.active}</Badge>
}
