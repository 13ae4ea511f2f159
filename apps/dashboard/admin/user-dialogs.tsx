import { useEffect, useState } from 'preact/hooks'
import { ApiError } from '#apps/client/api-error.ts'
import { api } from '#dashboard/core/api.ts'
import { text } from '#dashboard/core/language.ts'
import { Button } from '#dashboard/ui/button.tsx'
import { Dialog } from '#dashboard/ui/dialog.tsx'
import { Choice, TextField } from '#dashboard/ui/field.tsx'
import { ErrorNote } from '#dashboard/ui/states.tsx'
import { showToast } from '#dashboard/ui/toast.tsx'
import type { User, UserChange } from '#schema/shapes/user.ts'
import { Confirm } from './confirm.tsx'

/** A user with the `ETag` of its version. */
interface Version {
  user: User
  etag: string | null
}

async function readVersion(id: number, signal?: AbortSignal): Promise<Version> {
  let etag: string | null = null
  const onHeaders = (headers: Headers) => {
    etag = headers.get('etag')
  }
  return { user: await api.users.get(id, { signal, onHeaders }), etag }
}

interface DialogProps {
  onDone: () => void
  onClose: () => void
}

/** Creates a user, or edits one. After a change by another, a second press replaces it. */
export function UserDialog({ user, onDone, onClose }: DialogProps & { user: User | null }) {
  const t = text.value
  const [base, setBase] = useState<Version | null>(user && { user, etag: null })
  const [username, setUsername] = useState(user?.username ?? '')
  const [email, setEmail] = useState(user?.email ?? '')
  const [isChecked, setChecked] = useState(false)
  const [isBusy, setBusy] = useState(false)
  const [isStale, setStale] = useState(false)
  const [error, setError] = useState<unknown>(null)

  // The tag says which version is edited; what the list showed is compared with it.
  useEffect(() => {
    if (user === null) return
    const controller = new AbortController()
    readVersion(user.id, controller.signal).then(
      (version) => {
        setBase(version)
        setUsername((last) => (last === user.username ? version.user.username : last))
        setEmail((last) => (last === user.email ? version.user.email : last))
      },
      (error) => {
        if (!controller.signal.aborted) setError(error)
      }
    )
    return () => controller.abort()
  }, [user])

  const draft = { username: username.trim(), email: email.trim() }
  const nameError = draft.username === '' ? t.edit.required : undefined
  const emailError = /^[^\s@]+@[^\s@]+$/.test(draft.email) ? undefined : t.users.notEmail

  async function save(): Promise<void> {
    if (base === null) {
      await api.users.create(draft)
      return
    }
    const change: UserChange = {
      ...(draft.username !== base.user.username && { username: draft.username }),
      ...(draft.email !== base.user.email && { email: draft.email })
    }
    const headers = base.etag === null ? undefined : { 'if-match': base.etag }
    if (Object.keys(change).length > 0) await api.users.change(base.user.id, change, { headers })
  }

  async function onSubmit(event: Event) {
    event.preventDefault()
    setChecked(true)
    if (isBusy || nameError || emailError) return
    setBusy(true)
    setError(null)
    try {
      await save()
      showToast(user === null ? t.users.done(draft.username) : t.links.saved)
      onDone()
    } catch (error) {
      await onError(error)
      setBusy(false)
    }
  }

  async function onError(error: unknown) {
    if (user === null || !(error instanceof ApiError) || error.status !== 412) return setError(error)
    try {
      setBase(await readVersion(user.id))
      setStale(true)
    } catch (error) {
      setError(error)
    }
  }

  const saved = (name: 'username' | 'email') =>
    isStale && base && base.user[name] !== draft[name] ? t.users.savedValue(base.user[name]) : undefined
  return (
    <Dialog title={user === null ? t.users.create : t.users.editOf(user.username)} onClose={onClose}>
      <form class="stack" noValidate onSubmit={(event) => void onSubmit(event)}>
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

/** Deletes a user, after the choice of what happens to the links. */
export function UserRemoval({ user, onDone, onClose }: DialogProps & { user: User }) {
  const t = text.value.users
  const [links, setLinks] = useState<'keep' | 'remove'>('keep')
  return (
    <Confirm
      title={t.removeOf(user.username)}
      action={links === 'keep' ? t.removeOnly : t.removeAll}
      run={() => api.users.remove(user.id, { cascade: links === 'remove' })}
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
