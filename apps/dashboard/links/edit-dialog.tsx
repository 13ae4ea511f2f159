import { useEffect, useMemo, useState } from 'preact/hooks'
import { ApiError } from '#apps/client/api-error.ts'
import { api } from '#dashboard/core/api.ts'
import { formatNumber } from '#dashboard/core/format.ts'
import { text } from '#dashboard/core/language.ts'
import { Button } from '#dashboard/ui/button.tsx'
import { Dialog } from '#dashboard/ui/dialog.tsx'
import { SwitchField, TextArea, TextField } from '#dashboard/ui/field.tsx'
import { ErrorNote } from '#dashboard/ui/states.tsx'
import { showToast } from '#dashboard/ui/toast.tsx'
import type { Url } from '#schema/shapes/url.ts'
import { lastChange } from './changes.ts'
import { Conflict } from './conflict.tsx'
import { type Draft, FIELDS, type Field, findError, toChange, toDraft } from './edit-fields.ts'

/** A link with the `ETag` of its version. */
interface Version {
  url: Url
  etag: string | null
}

async function readVersion(id: number, signal?: AbortSignal): Promise<Version> {
  let etag: string | null = null
  const onHeaders = (headers: Headers) => {
    etag = headers.get('etag')
  }
  return { url: await api.links.get(id, { signal, onHeaders }), etag }
}

/** Edits a link. A change that was saved meanwhile is shown beside this one. */
export function EditDialog({ url, onClose }: { url: Url; onClose: () => void }) {
  const t = text.value
  const [base, setBase] = useState<Version>({ url, etag: null })
  const before = useMemo(() => toDraft(base.url), [base])
  const [draft, setDraft] = useState<Draft>(before)
  const [isChecked, setChecked] = useState(false)
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const [theirs, setTheirs] = useState<Version | null>(null)

  // The list may be older than the link; the tag says which version is edited.
  useEffect(() => {
    const controller = new AbortController()
    readVersion(url.id, controller.signal).then(
      (version) => {
        setBase(version)
        setDraft((last) => ({ ...toDraft(version.url), ...pickChanged(toDraft(url), last) }))
      },
      () => undefined
    )
    return () => controller.abort()
  }, [url])

  async function save(from: Version) {
    setBusy(true)
    setError(null)
    try {
      const body = toChange(toDraft(from.url), draft)
      const headers = from.etag === null ? undefined : { 'if-match': from.etag }
      const data = await api.links.change(url.id, body, { headers })
      lastChange.value = { kind: 'changed', url: data }
      showToast(t.links.saved)
      onClose()
    } catch (error) {
      if (error instanceof ApiError && error.status === 412) await showTheirs()
      else setError(error)
      setBusy(false)
    }
  }

  async function showTheirs() {
    try {
      setTheirs(await readVersion(url.id))
    } catch (error) {
      setError(error)
    }
  }

  function onSubmit(event: Event) {
    event.preventDefault()
    setChecked(true)
    if (isBusy || FIELDS.some((field) => findError(field, draft[field.name]))) return
    void save(base)
  }

  if (theirs)
    return (
      <Conflict
        title={t.edit.conflictTitle}
        yours={draft}
        theirs={toDraft(theirs.url)}
        isBusy={isBusy}
        onKeepYours={() => void save(theirs)}
        onTakeTheirs={() => {
          lastChange.value = { kind: 'changed', url: theirs.url }
          onClose()
        }}
        onClose={() => setTheirs(null)}
      />
    )
  return (
    <Dialog title={t.edit.title(url.short_code)} onClose={onClose}>
      <form class="stack" noValidate onSubmit={onSubmit}>
        {FIELDS.map((field) => (
          <EditField
            key={field.name}
            field={field}
            value={draft[field.name]}
            isChecked={isChecked}
            onValue={(value) => setDraft((last) => ({ ...last, [field.name]: value }))}
          />
        ))}
        {error !== null && <ErrorNote error={error} />}
        <footer class="dialog-foot">
          <Button onClick={onClose}>{t.app.cancel}</Button>
          <Button type="submit" kind="primary" isBusy={isBusy}>
            {isBusy ? t.app.saving : t.app.save}
          </Button>
        </footer>
      </form>
    </Dialog>
  )
}

function pickChanged(before: Draft, draft: Draft): Partial<Draft> {
  return Object.fromEntries(
    FIELDS.flatMap(({ name }) => (draft[name] === before[name] ? [] : [[name, draft[name]]]))
  )
}

interface EditFieldProps {
  field: Field
  value: string | boolean
  isChecked: boolean
  onValue: (value: string | boolean) => void
}

function EditField({ field, value, isChecked, onValue }: EditFieldProps) {
  const t = text.value
  const { label, hint } = t.fields[field.name]
  if (typeof value === 'boolean')
    return <SwitchField label={label} hint={hint} value={value} onValue={onValue} />
  const found = isChecked || value.length > field.maxLength ? findError(field, value) : undefined
  const error =
    found && (found.kind === 'tooLong' ? t.edit.tooLong(formatNumber(found.limit)) : t.edit[found.kind])
  const shared = { label, hint, error, value, onValue, mark: field.isNullable ? t.app.optional : undefined }
  if (field.kind === 'paragraph') return <TextArea {...shared} />
  const type = field.kind === 'time' ? 'datetime-local' : field.kind === 'address' ? 'url' : 'text'
  return <TextField {...shared} type={type} />
}
