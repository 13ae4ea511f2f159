import { useEffect, useRef, useState } from 'preact/hooks'
import { ApiError } from '#apps/client/api-error.ts'
import { randomKey } from '#apps/client/send.ts'
import { api } from '#dashboard/core/api.ts'
import { HOME } from '#dashboard/core/environment.ts'
import { formatNumber, withoutScheme } from '#dashboard/core/format.ts'
import { text } from '#dashboard/core/language.ts'
import { useShortcut } from '#dashboard/core/shortcuts.ts'
import { Button, IconButton } from '#dashboard/ui/button.tsx'
import { CopyButton } from '#dashboard/ui/copy.tsx'
import { Icon } from '#dashboard/ui/icon.tsx'
import { explain } from '#dashboard/ui/states.tsx'
import { showToast } from '#dashboard/ui/toast.tsx'
import type { Url, UrlDraft } from '#schema/shapes/url.ts'
import { completeAddress, isAddress } from './address.ts'
import { lastChange } from './changes.ts'
import { incoming, takeIncoming } from './incoming.ts'
import { QrButton } from './qr-button.tsx'

const MAX_LINES = 100
const MAX_ROWS = 6
/** More than 100 addresses of full length. Browsers take seconds to lay out a field with a megabyte. */
const MAX_PASTED = 250_000

/** Splits what was pasted into addresses. */
function readLines(pasted: string): string[] {
  return pasted.split('\n').flatMap((line) => completeAddress(line.trim()) || [])
}

/** Removes each of the addresses once. What was typed meanwhile stays. */
function dropLines(typed: string, addresses: readonly string[]): string {
  const left = [...addresses]
  const lines = typed.split('\n').filter((line) => {
    const at = left.indexOf(completeAddress(line.trim()))
    if (at >= 0) left.splice(at, 1)
    return at < 0 && line.trim() !== ''
  })
  return lines.join('\n')
}

/** An address that was handed over with a title keeps it. */
function withTitle(line: string): UrlDraft {
  const { address, title } = incoming ?? {}
  return { original_url: line, ...(line === address && title && { title }) }
}

/** The field for new links, on every page. Enter shortens; Shift and Enter begins a new line. */
export function CreateBar() {
  const t = text.value
  const [value, setValue] = useState(incoming?.address ?? '')
  const [error, setError] = useState<string | null>(null)
  const [isBusy, setBusy] = useState(false)
  const [created, setCreated] = useState<Url[]>([])
  const field = useRef<HTMLTextAreaElement>(null)
  /** The creation that has no answer yet. Repeated with its key, it does not create a link twice. */
  const attempt = useRef<{ line: string; key: string } | null>(null)
  useShortcut('n', () => field.current?.focus())
  const lines = readLines(value)
  useEffect(() => {
    if (incoming === null) return
    takeIncoming()
    field.current?.focus()
  }, [])

  async function onSubmit(event: Event) {
    event.preventDefault()
    if (isBusy || lines.length === 0) return
    const bad = lines.find((line) => !isAddress(line))
    if (lines.length > MAX_LINES) return setError(t.create.tooMany(formatNumber(MAX_LINES)))
    if (bad !== undefined) return setError(t.create.invalid(bad.slice(0, 80)))
    setError(null)
    setBusy(true)
    const done: Url[] = []
    try {
      for (const line of lines) done.unshift(await shorten(line))
      field.current?.focus()
    } catch (error) {
      setError(error instanceof ApiError && error.status === 401 ? null : explain(error))
    }
    setValue((now) => dropLines(now, lines.slice(0, done.length)))
    setBusy(false)
    if (done.length === 0) return
    setCreated((last) => [...done, ...last])
    showToast(t.create.done(done.length))
  }

  async function shorten(line: string): Promise<Url> {
    if (attempt.current?.line !== line) attempt.current = { line, key: randomKey() }
    const data = await api.links.create(withTitle(line), { idempotencyKey: attempt.current.key })
    attempt.current = null
    lastChange.value = { kind: 'created', url: data }
    return data
  }

  function onPaste(event: ClipboardEvent) {
    if ((event.clipboardData?.getData('text').length ?? 0) <= MAX_PASTED) return
    event.preventDefault()
    setError(text.value.browser.pastedTooMuch(formatNumber(MAX_LINES)))
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) void onSubmit(event)
    if (event.key === 'Escape') field.current?.blur()
  }

  return (
    <section class="create" aria-label={t.shortcuts.create}>
      <form class="create-form" onSubmit={(event) => void onSubmit(event)}>
        <Icon name="link" />
        <textarea
          ref={field}
          class="create-field"
          aria-label={t.create.label}
          aria-invalid={error !== null}
          aria-describedby={error === null ? 'create-hint' : 'create-error'}
          placeholder={t.create.placeholder}
          rows={Math.min(value.split('\n').length, MAX_ROWS)}
          value={value}
          aria-keyshortcuts="n"
          spellcheck={false}
          autocapitalize="off"
          onInput={(event) => setValue(event.currentTarget.value)}
          onKeyDown={onKeyDown}
          onPaste={onPaste}
        />
        <kbd class="create-key">n</kbd>
        <Button type="submit" kind="primary" isBusy={isBusy}>
          {isBusy ? t.create.busy : lines.length > 1 ? t.create.submitMany(lines.length) : t.create.submit}
        </Button>
      </form>
      <p id="create-hint" class="hidden">
        {t.create.hint}
      </p>
      {error !== null && (
        <p id="create-error" class="field-error wrap" role="alert">
          {error}
        </p>
      )}
      {created.length > 0 && <Created urls={created} onClear={() => setCreated([])} />}
    </section>
  )
}

function Created({ urls, onClear }: { urls: Url[]; onClear: () => void }) {
  const t = text.value
  return (
    <section class="created" aria-label={t.create.results}>
      <ul>
        {urls.map((url) => (
          <li key={url.id} class="created-row">
            <a class="created-link cut" href={`${HOME}/links/${url.id}`}>
              {withoutScheme(url.short_url)}
            </a>
            <span class="soft small cut">{url.original_url}</span>
            <span class="row nowrap push">
              <CopyButton value={url.short_url} label={t.app.copy} />
              <QrButton url={url} />
            </span>
          </li>
        ))}
      </ul>
      <div class="created-foot">
        {urls.length > 1 && (
          <CopyButton value={urls.map(({ short_url }) => short_url).join('\n')} label={t.create.copyAll} />
        )}
        <IconButton icon="close" label={t.create.clear} onClick={onClear} />
      </div>
    </section>
  )
}
