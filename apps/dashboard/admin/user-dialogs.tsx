import { useEffect, useState } from 'preact/hooks'
import { useAction } from '#dashboard/core/action.ts'
import { api } from '#dashboard/core/api.ts'
import { text } from '#dashboard/core/language.ts'
import { ifUnchanged, isOutdated, readVersion, type Version } from '#dashboard/core/version.ts'
import { Dialog } from '#dashboard/ui/dialog.tsx'
import { Choice, TextField } from '#dashboard/ui/field.tsx'
import { FormFoot } from '#dashboard/ui/form-foot.tsx'
import { showToast } from '#dashboard/ui/toast.tsx'
import type { User, UserChange } from '#schema/shapes/user.ts'
import { Confirm } from './confirm.tsx'

interface DialogProps {
  onDone: () => void
  onClose: () => void
}

/** Creates a user, or edits one. After a change by another, a second press replaces it. */
export function UserDialog({ user, onDone, onClose }: DialogProps & { user: User | null }) {
  const t = text.value
  const [base, setBase] = useState<Version<User> | null>(user && { row: user, etag: null })
  const [username, setUsername] = useState(user?.username ?? '')
  const [email, setEmail] = useState(user?.email ?? '')
  const [isChecked, setChecked] = useState(false)
  const [isStale, setStale] = useState(false)
  const saving = useAction()

  // The tag says which version is edited; what the list showed is compared with it.
  useEffect(() => {
    if (user === null) return
    const controller = new AbortController()
    readVersion(api.users.get, user.id, controller.signal).then(
      (version) => {
        setBase(version)
        setUsername((last) => (last === user.username ? version.row.username : last))
        setEmail((last) => (last === user.email ? version.row.email : last))
      },
      (error) => {
        if (!controller.signal.aborted) saving.fail(error)
      }
    )
    return () => controller.abort()
  }, [user])

  const draft = { username: username.trim(), email: email.trim() }
  const nameError = draft.username === '' ? t.edit.required : undefined
  const emailError = /^[^\s@]+@[^\s@]+$/.test(draft.email) ? undefined : t.users.notEmail

  async function send(): Promise<void> {
    if (base === null) {
      await api.users.create(draft)
      return
    }
    const change: UserChange = {
      ...(draft.username !== base.row.username && { username: draft.username }),
      ...(draft.email !== base.row.email && { email: draft.email })
    }
    if (Object.keys(change).length > 0) await api.users.change(base.row.id, change, ifUnchanged(base))
  }

  async function save(): Promise<void> {
    try {
      await send()
    } catch (error) {
      if (user === null || !isOutdated(error)) throw error
      setBase(await readVersion(api.users.get, user.id))
      setStale(true)
      return
    }
    showToast(user === null ? t.users.done(draft.username) : t.links.saved)
    onDone()
  }

  function onSubmit(event: Event) {
    event.preventDefault()
    setChecked(true)
    if (!nameError && !emailError) void saving.run(save)
  }

  const saved = (name: 'username' | 'email') =>
    isStale && base && base.row[name] !== draft[name] ? t.users.savedValue(base.row[name]) : undefined
  return (
    <Dialog title={user === null ? t.users.create : t.users.editOf(user.username)} onClose={onClose}>
      <form class="stack" noValidate onSubmit={onSubmit}>
        {isStale && (
          <div class="note warn" role="alert">
            <p class="note-text">{t.users.stale}</p>
          </div>
        )}
        <TextField
          label={t.users.username}
          maxLength={255}
          autocomplete="off"
          hint={saved('username')}
          error={isChecked ? nameError : undefined}
          value={username}
          onValue={setUsername}
        />
        <TextField
          label={t.users.email}
          maxLength={254}
          autocomplete="off"
          hint={saved('email') ?? t.users.emailHint}
          error={isChecked ? emailError : undefined}
          value={email}
          onValue={setEmail}
        />
        <FormFoot action={saving} label={t.app.save} onClose={onClose} />
      </form>
    </Dialog>
  )
}

/** Deletes a user, after the choice of what happens to the links. */
export function UserRemoval({ user, onDone, onClose }: DialogProps & { user: User }) {
  const t = text.value.users
  const [links, setLinks] = useState<'keep' | 'remove'>('keep')
  const [base, setBase] = useState<Version<User> | null>(null)
  const read = async () => {
    const version = await readVersion(api.users.get, user.id)
    setBase(version)
    return version
  }
  // The tag says which version the dialog names.
  useEffect(() => {
    read().catch(() => undefined)
  }, [])

  async function remove(): Promise<null> {
    const version = base ?? (await read())
    try {
      return await api.users.remove(user.id, { cascade: links === 'remove' }, ifUnchanged(version))
    } catch (error) {
      // The dialog shows what changed; a second press deletes that version.
      if (isOutdated(error)) await read()
      throw error
    }
  }
  return (
    <Confirm
      title={t.removeOf(base?.row.username ?? user.username)}
      action={links === 'keep' ? t.removeOnly : t.removeAll}
      run={remove}
      onDone={() => {
        showToast(t.removed(user.username))
        onDone()
      }}
      onClose={onClose}
    >
      <Choice
        label={t.cascade}
        value={links}
        options={[
          { value: 'keep', label: t.keepLinks },
          { value: 'remove', label: t.removeLinks }
        ]}
        onValue={setLinks}
      />
      <p class="soft" aria-live="polite">
        {links === 'keep' ? t.keepHint : t.removeHint}
      </p>
    </Confirm>
  )
}
