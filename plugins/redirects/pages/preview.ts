import { escapeHtml } from '#platform/http/frame.ts'
import type { LinkPreview } from '#schema/shapes/link-preview.ts'
import type { Language, Texts } from './texts.ts'

const DAY_MS = 86_400_000

/** Renders where a link leads. `path` is that of the link, where a visit counts. */
export function renderPreview(
  { target, title, created_at, warnings }: LinkPreview,
  { preview: texts }: Texts,
  language: Language,
  path: string
): { title: string; body: string } {
  const lines = [
    title === null ? '' : `<p>${escapeHtml(title)}</p>`,
    target === null ? `<p>${texts.hidden}</p>` : `<p class="target">${escapeHtml(target)}</p>`,
    warnings.length > 0 ? `<p class="warning">${texts.alike}</p>` : '',
    `<p><small>${texts.created} ${formatAge(created_at, language)}</small></p>`,
    `<p><a class="button" href="${escapeHtml(path)}" rel="nofollow noreferrer">${texts.open}</a></p>`
  ]
  return { title: texts.title, body: lines.filter(Boolean).join('\n') }
}

const UNITS = [
  ['year', 365],
  ['month', 30],
  ['day', 1]
] as const

/** Formats a wire time as its day, and how long ago that is. */
function formatAge(time: string, language: Language): string {
  const date = new Date(`${time}Z`)
  const day = new Intl.DateTimeFormat(language, { dateStyle: 'long', timeZone: 'UTC' }).format(date)
  const days = Math.floor((Date.now() - date.getTime()) / DAY_MS)
  const [unit, length] = UNITS.find(([, length]) => days >= length) ?? ['day', 1]
  const age = new Intl.RelativeTimeFormat(language, { numeric: 'auto' })
  return `${day} (${age.format(-Math.max(0, Math.floor(days / length)), unit)})`
}
