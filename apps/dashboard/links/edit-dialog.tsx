import { useEffect, useState } from 'preact/hooks'
import { ApiError } from '#apps/client/api-error.ts'
import { useAction } from '#dashboard/core/action.ts'
import { text } from '#dashboard/core/language.ts'
import type { Version } from '#dashboard/core/version.ts'
import { Dialog } from '#dashboard/ui/dialog.tsx'
import { SwitchField, TextArea, TextField } from '#dashboard/ui/field.tsx'
import { FormFoot } from '#dashboard/ui/form-foot.tsx'
import { showToast } from '#dashboard/ui/toast.tsx'
import type { Url } from '#schema/shapes/url.ts'
import { lastChange } from './changes.ts'
import { explainField, LinkConflict } from './conflict.tsx'
import { beginEdit, type Edit, readBase } from './edit.ts'
import { type Draft, FIELDS, type Field, findError, readFieldErrors } from './edit-fields.ts'
import { type Outdated, saveDraft } from './save.ts'

/** Edits a link. A change that was saved meanwhile is shown beside this one. */
export function EditDialog({ url, onClose }: { url: Url; onClose: () => void }) {
  const t = text.value
  const [{ base, draft }, setEdit] = useState<Edit>(() => beginEdit(url))
  const [isChecked, setChecked] = useState(false)
  const saving = useAction()
  const [other, setOther] = useState<Outdated | null>(null)

  // The list may be older than the link; the tag says which version is edited. Without it, saving reads again.
  useEffect(() => {
    const controller = new AbortController()
    readBase(url, controller.signal).then(setEdit, () => undefined)
    return () => controller.abort()
  }, [url])

  const save = (from: Version<Url>, values: Draft) =>
    saving.run(async () => {
      const result = await saveDraft(from, values)
      if (result.kind === 'outdated') return setOther(result)
      lastChange.value = { kind: 'changed', url: result.url }
      showToast(t.links.saved)
      onClose()
    })
  const refused = saving.error instanceof ApiError ? readFieldErrors(saving.error) : {}

  function onSubmit(event: Event) {
    event.preventDefault()
    setChecked(true)
    if (!FIELDS.some((field) => findError(field, draft[field.name]))) void save(base, draft)
  }

  if (other)
    return (
      <LinkConflict
        {...other}
        isBusy={saving.isBusy}
        error={saving.error}
        onKeepYours={() => void save(other.theirs, other.yours)}
        onTakeTheirs={onClose}
        onClose={() => setOther(null)}
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
            refused={refused[field.name]}
            onValue={(value) =>
              setEdit((last) => ({ ...last, draft: { ...last.draft, [field.name]: value } }))
            }
          />
        ))}
        <FormFoot action={saving} label={t.app.save} onClose={onClose} />
      </form>
    </Dialog>
  )
}

interface EditFieldProps {
  field: Field
  value: string | boolean
  isChecked: boolean
  /** Why the server refuses the value. */
  refused: string | undefined
  onValue: (value: string | boolean) => void
}

function EditField({ field, value, isChecked, refused, onValue }: EditFieldProps) {
  const t = text.value
  const { label, hint } = t.fields[field.name]
  if (typeof value === 'boolean')
    return <SwitchField label={label} hint={hint} value={value} onValue={onValue} />
  const found = isChecked || value.length > field.maxLength ? findError(field, value) : undefined
  const error = found ? explainField(found) : refused
  const shared = { label, hint, error, value, onValue, mark: field.isNullable ? t.app.optional : undefined }
  if (field.kind === 'paragraph') return <TextArea {...shared} />
  const type = field.kind === 'time' ? 'datetime-local' : field.kind === 'address' ? 'url' : 'text'
  return <TextField {...shared} type={type} />
}
