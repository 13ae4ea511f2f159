import { useState } from 'preact/hooks'
import { useAction } from '#dashboard/core/action.ts'
import { api } from '#dashboard/core/api.ts'
import { text } from '#dashboard/core/language.ts'
import { useTags } from '#dashboard/core/tags.ts'
import { Button } from '#dashboard/ui/button.tsx'
import { Dialog } from '#dashboard/ui/dialog.tsx'
import { Field, SelectField, TextField } from '#dashboard/ui/field.tsx'
import { FormFoot } from '#dashboard/ui/form-foot.tsx'
import { isTagName, MAX_TAG_LENGTH, type Tag } from '#schema/shapes/tag.ts'

interface TagDialogProps {
  /** The tag to edit; null for a new one. */
  tag: Tag | null
  onDone: (tag: Tag) => void
  onClose: () => void
}

/** Creates a tag, or changes its name and colour. */
export function TagDialog({ tag, onDone, onClose }: TagDialogProps) {
  const t = text.value
  const [name, setName] = useState(tag?.name ?? '')
  const [color, setColor] = useState(tag?.color ?? null)
  const [isChecked, setChecked] = useState(false)
  const saving = useAction()
  const error = isTagName(name) ? undefined : name.trim() === '' ? t.edit.required : t.tags.wrongName

  async function save() {
    onDone(
      await (tag === null ? api.tags.create({ name, color }) : api.tags.change(tag.name, { name, color }))
    )
  }

  return (
    <Dialog title={tag === null ? t.tags.create : t.tags.editOf(tag.name)} onClose={onClose}>
      <form
        class="stack"
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          setChecked(true)
          if (!error) void saving.run(save)
        }}
      >
        <TextField
          label={t.tags.name}
          maxLength={MAX_TAG_LENGTH}
          autocomplete="off"
          error={isChecked ? error : undefined}
          value={name}
          onValue={setName}
        />
        <ColorField value={color} onValue={setColor} />
        <FormFoot action={saving} label={t.app.save} onClose={onClose} />
      </form>
    </Dialog>
  )
}

/** What the picker begins with. */
const FIRST_COLOR = '#2f6fde'

function ColorField({ value, onValue }: { value: string | null; onValue: (value: string | null) => void }) {
  const t = text.value
  return (
    <Field label={t.tags.color} mark={value ?? t.tags.noColor}>
      {(wiring) => (
        <div class="row">
          <input
            class="input color-input"
            type="color"
            {...wiring}
            value={value ?? FIRST_COLOR}
            onInput={(event) => onValue(event.currentTarget.value)}
          />
          {value !== null && <Button onClick={() => onValue(null)}>{t.tags.noColor}</Button>}
        </div>
      )}
    </Field>
  )
}

interface MergeDialogProps {
  tag: Tag
  onDone: (into: Tag) => void
  onClose: () => void
}

/** Replaces a tag by another one. */
export function MergeDialog({ tag, onDone, onClose }: MergeDialogProps) {
  const t = text.value.tags
  const others = useTags().filter(({ name }) => name !== tag.name)
  const [chosen, setChosen] = useState('')
  const into = chosen || (others[0]?.name ?? '')
  const merging = useAction()
  return (
    <Dialog title={t.mergeOf(tag.name)} onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault()
          void merging.run(async () => onDone(await api.tags.merge(tag.name, { into })))
        }}
      >
        <p>{t.mergeHint}</p>
        <SelectField
          label={t.into}
          value={into}
          options={others.map(({ name }) => ({ value: name, label: name }))}
          onValue={setChosen}
        />
        <FormFoot action={merging} label={t.merge} onClose={onClose} />
      </form>
    </Dialog>
  )
}
