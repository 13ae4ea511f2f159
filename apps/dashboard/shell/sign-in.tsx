import { useState } from 'preact/hooks'
import { ApiError } from '#apps/client/api-error.ts'
import { useAction } from '#dashboard/core/action.ts'
import { BASE, signsInAtProvider } from '#dashboard/core/environment.ts'
import { text } from '#dashboard/core/language.ts'
import { CookieLost, signIn } from '#dashboard/core/session.ts'
import { keepsCookies } from '#dashboard/core/storage.ts'
import { Button, ButtonLink } from '#dashboard/ui/button.tsx'
import { Dialog } from '#dashboard/ui/dialog.tsx'
import { TextField } from '#dashboard/ui/field.tsx'
import { ErrorNote } from '#dashboard/ui/states.tsx'
import { Mark } from './frame.tsx'
import { usePageTitle } from './page-title.ts'

/** Shown in place of every page while there is no session. The address stays. */
export function SignInPage() {
  const t = text.value.signIn
  usePageTitle(t.title)
  return (
    <main class="boot">
      <div class="sign-in stack">
        <Mark />
        <div>
          <h1>{t.title}</h1>
          <p class="soft">{t.lead}</p>
        </div>
        <SignInForm />
      </div>
    </main>
  )
}

/** Shown above a page whose session has ended, so that nothing typed is lost. */
export function SignInDialog() {
  const t = text.value.signIn
  return (
    <Dialog title={t.title} isRequired onClose={() => undefined}>
      <p class="soft">{t.ended}</p>
      <SignInForm keepsPage />
    </Dialog>
  )
}

/** `keepsPage`: the provider opens in another tab, so that this one keeps what was typed. */
function SignInForm({ keepsPage = false }: { keepsPage?: boolean }) {
  const t = text.value.signIn
  const [key, setKey] = useState('')
  const [hasCookies] = useState(keepsCookies)
  const { isBusy, error, run } = useAction()
  const { cookies, cookieLost } = text.value.browser
  const isInvalid = error instanceof ApiError && error.status === 401

  function onSubmit(event: Event) {
    event.preventDefault()
    void run(() => signIn(key.trim()))
  }

  return (
    <form class="stack" onSubmit={onSubmit}>
      {!hasCookies && (
        <p class="note warn" role="alert">
          {cookies}
        </p>
      )}
      {signsInAtProvider && (
        <>
          <ButtonLink
            kind="primary"
            icon="key"
            href={`${BASE}/session/oidc?${new URLSearchParams({ return_to: returnPath() })}`}
            target={keepsPage ? '_blank' : undefined}
          >
            {t.provider}
          </ButtonLink>
          <p class="or soft small">{t.or}</p>
        </>
      )}
      <TextField
        label={t.key}
        type="password"
        autocomplete="current-password"
        required
        maxLength={200}
        hint={t.noKey}
        error={isInvalid ? t.invalid : undefined}
        value={key}
        onValue={setKey}
      />
      {error instanceof CookieLost ? (
        <p class="note bad" role="alert">
          {cookieLost}
        </p>
      ) : (
        error !== null && !isInvalid && <ErrorNote error={error} />
      )}
      <Button type="submit" kind={signsInAtProvider ? 'secondary' : 'primary'} isBusy={isBusy}>
        {t.submit}
      </Button>
    </form>
  )
}

/** The server accepts no longer path. */
const MAX_RETURN = 2_000

/** This page with its query, as the server wants it after a sign-in at the provider. */
function returnPath(): string {
  const { pathname, search } = location
  const path = pathname.slice(BASE.length)
  return [path + search, path].find(({ length }) => length <= MAX_RETURN) ?? '/dashboard'
}
