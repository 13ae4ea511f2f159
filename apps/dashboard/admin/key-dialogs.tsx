import { useState } from 'preact/hooks'
import { useAction } from '#dashboard/core/action.ts'
import { api } from '#dashboard/core/api.ts'
import { toWire } from '#dashboard/core/format.ts'
import { text } from '#dashboard/core/language.ts'
import { fromLocal } from '#dashboard/core/zone.ts'
import { Button } from '#dashboard/ui/button.tsx'
import { CopyButton } from '#dashboard/ui/copy.tsx'
import { Dialog } from '#dashboard/ui/dialog.tsx'
import { SelectField, TextField } from '#dashboard/ui/field.tsx'
import { FormFoot } from '#dashboard/ui/form-foot.tsx'
import { type IssuedKey, ROLES, type Role } from '#schema/shapes/key.ts'

interface CreateProps {
  onIssued: (issued: IssuedKey) => void
  onClose: () => void
}

export function CreateKey({ onIssued, onClose }: CreateProps) {
  const t = text.value
  const [name, setName] = useState('')
  const [role, setRole] = useState<Role>('member')
  const [user, setUser] = useState('')
  const [expires, setExpires] = useState('')
  const [isChecked, setChecked] = useState(false)
  const creating = useAction()
  const nameError = name.trim() === '' ? t.edit.required : undefined
  const isUserNeeded = role === 'member'
  const userError =
    /^\s*\d*\s*$/.test(user) && !(isUserNeeded && user.trim() === '') ? undefined : t.keys.notId

  async function create() {
    const draft = {
      name: name.trim(),
      role,
      ...(user.trim() && { user_id: Number(user) }),
      ...(expires && { expires_at: toWire(fromLocal(expires)) })
    }
    onIssued(await api.keys.create(draft))
  }

  function onSubmit(event: Event) {
    event.preventDefault()
    setChecked(true)
    if (!nameError && !userError) void creating.run(create)
  }

  return (
    <Dialog title={t.keys.create} onClose={onClose}>
      <form class="stack" noValidate onSubmit={onSubmit}>
        <TextField
          label={t.keys.name}
          hint={t.keys.nameHint}
          maxLength={100}
          autocomplete="off"
          error={isChecked ? nameError : undefined}
          value={name}
          onValue={setName}
        />
        <SelectField
          label={t.keys.role}
          hint={t.keys.roleHints[role]}
          value={role}
          options={ROLES.map((value) => ({ value, label: t.roles[value] }))}
          onValue={setRole}
        />
        <TextField
          label={t.keys.user}
          hint={t.keys.userHints[role]}
          mark={isUserNeeded ? undefined : t.app.optional}
          autocomplete="off"
          error={isChecked ? userError : undefined}
          value={user}
          onValue={setUser}
        />
        <TextField
          label={t.keys.expires}
          hint={t.keys.expiresHint}
          mark={t.app.optional}
          type="datetime-local"
          value={expires}
          onValue={setExpires}
        />
        <FormFoot action={creating} label={t.keys.create} onClose={onClose} />
      </form>
    </Dialog>
  )
}

/** The secret of a key, which no later answer has: only its button closes the dialog. */
export function Secret({ issued, onClose }: { issued: IssuedKey; onClose: () => void }) {
  const t = text.value.keys
  return (
    <Dialog title={t.secretOf(issued.name)} isRequired onClose={onClose}>
      <p>{t.secretHint}</p>
      <code class="secret wrap">{issued.key}</code>
      <footer class="dialog-foot">
        <Button onClick={onClose}>{t.secretDone}</Button>
        <CopyButton kind="primary" value={issued.key} label={t.copySecret} />
      </footer>
    </Dialog>
  )
}
