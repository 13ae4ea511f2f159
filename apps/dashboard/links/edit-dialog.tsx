import { useEffect, useMemo, useState } from 'preact/hooks'
import { useAction } from '#dashboard/core/action.ts'
import { api } from '#dashboard/core/api.ts'
import { formatNumber } from '#dashboard/core/format.ts'
import { text } from '#dashboard/core/language.ts'
import { ifUnchanged, isOutdated, readVersion, type Version } from '#dashboard/core/version.ts'
import { Dialog } from '#dashboard/ui/dialog.tsx'
import { SwitchField, TextArea, TextField } from '#dashboard/ui/field.tsx'
import { FormFoot } from '#dashboard/ui/form-foot.tsx'
import { showToast } from '#dashboard/ui/toast.tsx'
import type { Url } from '#schema/shapes/url.ts'
import { lastChange } from './changes.ts'
import { Conflict } from './conflict.tsx'
import { type Draft, FIELDS, type Field, findError, toChange, toDraft } from './edit-fields.ts'

/** Edits a link. A change that was saved meanwhile is shown beside this one. */
export function EditDialog({ url, onClose }: { url: Url; onClose: () => void }) {
  const t = text.value
  const [base, setBase] = useState<Version<Url>>({ row: url, etag: null })
  const before = useMemo(() => toDraft(base.row), [base])
  const [draft, setDraft] = useState<Draft>(before)
  const [isChecked, setChecked] = useState(false)
  const saving = useAction()
  const [theirs, setTheirs] = useState<Version<Url> | null>(null)

  // The list may be older than the link; the tag says which version is edited.
  useEffect(() => {
    const controller = new AbortController()
    readVersion(api.links.get, url.id, controller.signal).then(
      (version) => {
        setBase(version)
        setDraft((last) => ({ ...toDraft(version.row), ...pickChanged(toDraft(url), last) }))
      },
      () => undefined
    )
    return () => controller.abort()
  }, [url])

  const save = (from: Version<Url>) =>
    saving.run(async () => {
      try {
        const data = await api.links.change(url.id, toChange(toDraft(from.row), draft), ifUnchanged(from))
        lastChange.value = { kind: 'changed', url: data }
        showToast(t.links.saved)
        onClose()
      } catch (error) {
        if (!isOutdated(error)) throw error
        setTheirs(await readVersion(api.links.get, url.id))
      }
    })

  function onSubmit(event: Event) {
    event.preventDefault()
    setChecked(true)
    if (!FIELDS.some((field) => findError(field, draft[field.name]))) void save(base)
  }

  if (theirs)
    return (
      <Conflict
        title={t.edit.conflictTitle}
        yours={draft}
        theirs={toDraft(theirs.row)}
        isBusy={saving.isBusy}
        onKeepYours={() => void save(theirs)}
        onTakeTheirs={() => {
          lastChange.value = { kind: 'changed', url: theirs.row }
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
        <FormFoot action={saving} label={t.app.save} onClose={onClose} />
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
