import { useEffect, useState } from 'preact/hooks'
import { ApiError } from '#apps/client/api-error.ts'
import { useAction } from '#dashboard/core/action.ts'
import { text } from '#dashboard/core/language.ts'
import type { Version } from '#dashboard/core/version.ts'
import { Dialog } from '#dashboard/ui/dialog.tsx'
import { FormFoot } from '#dashboard/ui/form-foot.tsx'
import { showToast } from '#dashboard/ui/toast.tsx'
import type { Url } from '#schema/shapes/url.ts'
import { lastChange } from './changes.ts'
import { LinkConflict } from './conflict.tsx'
import { beginEdit, type Edit, readBase } from './edit.ts'
import { EditField } from './edit-field.tsx'
import { type Draft, FIELDS, findError, readFieldErrors, toDraft } from './edit-fields.ts'
import { EDITOR_GROUPS, type Group, isUsed } from './edit-groups.ts'
import { type Outdated, saveDraft } from './save.ts'
import { CampaignTools, isCampaign } from './utm-templates.tsx'

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
    if (!FIELDS.some((field) => findError(field, draft[field.path]))) void save(base, draft)
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
        {EDITOR_GROUPS.map((group) => (
          <EditGroup
            key={group.name ?? ''}
            group={group}
            draft={draft}
            base={toDraft(base.row)}
            isChecked={isChecked}
            refused={refused}
            onDraft={(change) => setEdit((last) => ({ ...last, draft: { ...last.draft, ...change } }))}
          />
        ))}
        <FormFoot action={saving} label={t.app.save} onClose={onClose} />
      </form>
    </Dialog>
  )
}

interface EditGroupProps {
  group: Group
  draft: Draft
  /** The values before the edit. */
  base: Draft
  isChecked: boolean
  /** Why the server refuses values, by their paths. */
  refused: Record<string, string>
  onDraft: (change: Draft) => void
}

/** Fields under one heading, open if the link uses one of them, or if a value is refused. */
function EditGroup({ group, draft, base, isChecked, refused, onDraft }: EditGroupProps) {
  const t = text.value
  const { name, fields } = group
  const controls = fields.map((field) => (
    <EditField
      key={field.path}
      field={field}
      value={draft[field.path] ?? ''}
      base={base[field.path]}
      isChecked={isChecked}
      refused={refused[field.path]}
      onValue={(value) => onDraft({ [field.path]: value })}
    />
  ))
  if (name === null) return <>{controls}</>
  const isRefused = fields.some(
    (field) => refused[field.path] !== undefined || (isChecked && findError(field, draft[field.path]))
  )
  return (
    <details class="edit-group" open={isUsed(group, base) || isRefused}>
      <summary>
        {t.edit.groups[name]} <span class="soft small">{t.edit.groupHints[name]}</span>
      </summary>
      <div class="stack">
        {controls}
        {fields.some(isCampaign) && <CampaignTools draft={draft} onDraft={onDraft} />}
      </div>
    </details>
  )
}
