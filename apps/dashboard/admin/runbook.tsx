import { text } from '#dashboard/core/language.ts'
import { ButtonLink } from '#dashboard/ui/button.tsx'

/** The way to what an operator does when the figures beside it are bad. */
export function Runbook({ href, subject }: { href: string; subject: string }) {
  const t = text.value.system
  return (
    <ButtonLink
      kind="quiet"
      isSmall
      icon="book"
      href={href}
      target="_blank"
      rel="noreferrer"
      aria-label={t.runbookOf(subject)}
    >
      {t.runbook}
    </ButtonLink>
  )
}
