import { useEffect, useErrorBoundary, useState } from 'preact/hooks'
import lazy from 'preact-iso/lazy'
import { LocationProvider, Route, Router } from 'preact-iso/router'
import { loadPart } from '#dashboard/core/connection.ts'
import { HOME } from '#dashboard/core/environment.ts'
import { text } from '#dashboard/core/language.ts'
import { hasEnded, owner, readSession, session } from '#dashboard/core/session.ts'
import LinksPage from '#dashboard/links/links-page.tsx'
import { ButtonLink } from '#dashboard/ui/button.tsx'
import { Empty, ErrorNote } from '#dashboard/ui/states.tsx'
import { Toasts } from '#dashboard/ui/toast.tsx'
import { Frame } from './frame.tsx'
import { usePageTitle } from './page-title.ts'
import { SignInDialog, SignInPage } from './sign-in.tsx'

const LinkPage = lazy(() => loadPart(() => import('#dashboard/stats/link-page.tsx')))
const StatsPage = lazy(() => loadPart(() => import('#dashboard/stats/stats-page.tsx')))
const UsersPage = lazy(() => loadPart(() => import('#dashboard/admin/users-page.tsx')))
const KeysPage = lazy(() => loadPart(() => import('#dashboard/admin/keys-page.tsx')))
const AuditPage = lazy(() => loadPart(() => import('#dashboard/admin/audit-page.tsx')))
const HostsPage = lazy(() => loadPart(() => import('#dashboard/admin/hosts-page.tsx')))
const TagsPage = lazy(() => loadPart(() => import('#dashboard/admin/tags-page.tsx')))
const SessionsPage = lazy(() => loadPart(() => import('#dashboard/account/sessions-page.tsx')))
const ImportsPage = lazy(() => loadPart(() => import('#dashboard/imports/imports-page.tsx')))
const AccountPage = lazy(() => loadPart(() => import('#dashboard/account/account-page.tsx')))
const SystemPage = lazy(() => loadPart(() => import('#dashboard/admin/system-page.tsx')))
const GalleryPage = lazy(() => loadPart(() => import('./gallery-page.tsx')))

/** The application: asks for the session first, then shows the page of the address. */
export function App() {
  const [state, setState] = useState<'asking' | 'ready' | { error: unknown }>('asking')
  const ask = () => {
    setState('asking')
    readSession().then(
      () => setState('ready'),
      (error) => setState({ error })
    )
  }
  useEffect(ask, [])
  return (
    <>
      {state === 'asking' && <div class="boot" />}
      {typeof state === 'object' && (
        <main class="boot">
          <h1 class="hidden">{text.value.app.name}</h1>
          <ErrorNote error={state.error} onRetry={ask} />
        </main>
      )}
      {state === 'ready' && (session.value === null ? <SignInPage /> : <Pages key={owner.value} />)}
      <Toasts />
    </>
  )
}

function Pages() {
  // A page that fails, as when its file is gone, leaves the frame in place.
  const [error] = useErrorBoundary()
  return (
    <LocationProvider scope={HOME}>
      <Frame>
        {error ? (
          <ErrorNote error={error} onRetry={() => location.reload()} />
        ) : (
          <Router>
            <Route path={HOME} component={LinksPage} />
            <Route path={`${HOME}/links/:id`} component={LinkPage} />
            <Route path={`${HOME}/stats`} component={StatsPage} />
            <Route path={`${HOME}/system`} component={SystemPage} />
            <Route path={`${HOME}/users`} component={UsersPage} />
            <Route path={`${HOME}/keys`} component={KeysPage} />
            <Route path={`${HOME}/audit`} component={AuditPage} />
            <Route path={`${HOME}/hosts`} component={HostsPage} />
            <Route path={`${HOME}/tags`} component={TagsPage} />
            <Route path={`${HOME}/sessions`} component={SessionsPage} />
            <Route path={`${HOME}/imports`} component={ImportsPage} />
            <Route path={`${HOME}/account`} component={AccountPage} />
            <Route path={`${HOME}/components`} component={GalleryPage} />
            <Route default component={NotFoundPage} />
          </Router>
        )}
      </Frame>
      {hasEnded.value && <SignInDialog />}
    </LocationProvider>
  )
}

function NotFoundPage() {
  const t = text.value.app
  usePageTitle(t.notFound)
  return (
    <>
      <h1 class="hidden">{t.notFound}</h1>
      <Empty icon="search" title={t.notFound} hint={t.notFoundHint}>
        <ButtonLink href={HOME}>{t.toLinks}</ButtonLink>
      </Empty>
    </>
  )
}
