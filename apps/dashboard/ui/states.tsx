import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { ApiError, type FieldError } from '#apps/client/api-error.ts'
import { formatSpan } from '#dashboard/core/format.ts'
import { text } from '#dashboard/core/language.ts'
import { Button } from './button.tsx'
import { CopyButton } from './copy.tsx'
import { Icon, type IconName } from './icon.tsx'

/** What a list or page shows instead of its content, or around it. */

export function Badge({
  tone,
  children
}: {
  tone: 'good' | 'warn' | 'bad' | 'plain'
  children: ComponentChildren
}) {
  return <span class={`badge ${tone}`}>{children}</span>
}

interface EmptyProps {
  icon: IconName
  title: string
  hint: string
  children?: ComponentChildren
}

export function Empty({ icon, title, hint, children }: EmptyProps) {
  return (
    <div class="empty">
      <span class="empty-icon">
        <Icon name={icon} size={24} />
      </span>
      <p class="empty-title">{title}</p>
      <p class="soft">{hint}</p>
      {children}
    </div>
  )
}

/** Grey bars in the shape of what is being loaded. */
export function Skeleton({ rows = 1, isTall = false }: { rows?: number; isTall?: boolean }) {
  return (
    <div class="skeletons" role="status">
      <span class="hidden">{text.value.app.loading}</span>
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} class={isTall ? 'skeleton is-tall' : 'skeleton'} />
      ))}
    </div>
  )
}

/** What happened, in a sentence, for an error of any kind. */
export function explain(error: unknown): string {
  const t = text.value.errors
  if (!(error instanceof ApiError)) return t.title
  if (error.status === 0) return t.offline
  if (error.status === 403) return t.forbidden
  if (error.status === 429)
    return error.retryAfter === null ? t.limited : text.value.browser.limitedFor(formatSpan(error.retryAfter))
  if (isOfOtherRelease(error)) return text.value.browser.otherRelease
  return joinErrors(error.errors) || error.message
}

/** What the server says about single fields, as one text. */
export function joinErrors(errors: readonly FieldError[]): string {
  return errors.map(({ path, message }) => `${path} ${message}`).join('; ')
}

/** During a rollout a replica of the release before may answer, without the route or a parameter. */
function isOfOtherRelease({ code, errors }: ApiError): boolean {
  // Short codes have the paths that no other route has.
  if (['NOT_FOUND', 'METHOD_NOT_ALLOWED', 'LINK_UNKNOWN'].includes(code)) return true
  return (
    code === 'INPUT_INVALID' &&
    errors.some(({ message }) => message.startsWith('is not a parameter of this route'))
  )
}

/** An error with what to do, and with the request's id for people who read the logs. */
export function ErrorNote({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const t = text.value.errors
  const id = error instanceof ApiError ? error.requestId : null
  return (
    <div class="note bad" role="alert">
      <Icon name="alert" />
      <div class="note-text">
        <p class="wrap">{explain(error)}</p>
        {id && (
          <p class="row small soft">
            {t.requestId} <code class="wrap">{id}</code>
            <CopyButton isIcon value={id} label={text.value.app.copy} />
          </p>
        )}
      </div>
      {onRetry && (
        <Button isSmall onClick={onRetry}>
          {t.retry}
        </Button>
      )}
    </div>
  )
}

interface MoreProps {
  /** The rows so far, where nothing is read: after each change it looks again whether it is near. */
  shown?: number
  hasMore: boolean
  isReading: boolean
  label: string
  /** Reads by the button only. */
  isManual?: boolean
  onMore: () => void
}

/** Reads on when it comes near the screen. The button serves keyboards, and a read that failed. */
export function More({ hasMore, isReading, label, isManual = false, shown, onMore }: MoreProps) {
  const element = useRef<HTMLDivElement>(null)
  const latest = useRef(onMore)
  latest.current = onMore
  useEffect(() => {
    const { current } = element
    if (!current || !hasMore || isReading || isManual) return
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && latest.current(), {
      rootMargin: '400px'
    })
    observer.observe(current)
    return () => observer.disconnect()
  }, [hasMore, isReading, isManual, shown])
  if (!hasMore) return null
  return (
    <div ref={element} class="more">
      <Button isBusy={isReading} onClick={onMore}>
        {isReading && !isManual ? text.value.app.loading : label}
      </Button>
    </div>
  )
}
