import { useState } from 'preact/hooks'
import { Confirm } from '#dashboard/admin/confirm.tsx'
import { api } from '#dashboard/core/api.ts'
import { useCursorList } from '#dashboard/core/cursor.ts'
import { BASE, isOpen } from '#dashboard/core/environment.ts'
import { formatDate, parseWire } from '#dashboard/core/format.ts'
import { LANGUAGES, language, text } from '#dashboard/core/language.ts'
import { session } from '#dashboard/core/session.ts'
import { theme } from '#dashboard/core/theme.ts'
import { chosenZone, deviceZone, nameZone } from '#dashboard/core/zone.ts'
import { onSignOut } from '#dashboard/shell/commands.ts'
import { usePageTitle } from '#dashboard/shell/page-title.ts'
import { Preferences } from '#dashboard/shell/preferences.tsx'
import { ShortcutSheet } from '#dashboard/shell/shortcut-sheet.tsx'
import { Button } from '#dashboard/ui/button.tsx'
import { Icon } from '#dashboard/ui/icon.tsx'
import { showToast } from '#dashboard/ui/toast.tsx'
import type { ActiveSession, Session, SessionQuery } from '#schema/shapes/session.ts'
import { Facts } from './facts.tsx'
import { SessionList } from './session-list.tsx'
import { UserRecord } from './user-record.tsx'

/** The caller: what it may do, its user, its sessions, and the preferences of this browser. */
export default function AccountPage() {
  const t = text.value.account
  usePageTitle(t.title)
  const current = session.value
  if (current === null) return null
  return (
    <div class="stack">
      <div class="page-head">
        <h1>{t.title}</h1>
      </div>
      {isOpen && (
        <div class="note warn">
          <Icon name="alert" />
          <div class="note-text">
            <p class="strong">{t.openTitle}</p>
            <p>
              {t.openHint} <a href={`${BASE}/docs`}>{text.value.app.docs}</a>
            </p>
          </div>
        </div>
      )}
      <div class="account">
        {!isOpen && <Identity current={current} />}
        {current.user_id !== null && <UserRecord id={current.user_id} />}
        <BrowserPreferences />
      </div>
      {!isOpen && <OwnSessions current={current} />}
    </div>
  )
}

function Identity({ current }: { current: Session }) {
  const t = text.value.account
  const time = (value: string | null) => value && formatDate(parseWire(value), 'full')

  return (
    <section class="card stack" aria-labelledby="identity">
      <div class="card-head">
        <h2 id="identity">{t.identity}</h2>
        <Button icon="exit" kind="quiet" onClick={onSignOut}>
          {text.value.app.signOut}
        </Button>
      </div>
      <p class="fact wrap">{current.name ?? t.noName}</p>
      <Facts
        facts={[
          [t.role, text.value.roles[current.role]],
          [t.user, current.user_id === null ? t.noUser : String(current.user_id)],
          [t.by, current.key_id === null ? t.byProvider : t.byKey(current.key_id)],
          [t.ends, time(current.expires_at)],
          [t.idleEnds, time(current.idle_expires_at)]
        ]}
      />
      <details class="details">
        <summary>{t.scopes(current.scopes.length)}</summary>
        <p class="soft small">{t.scopesHint}</p>
        <span class="columns">
          {current.scopes.map((scope) => (
            <code key={scope}>{scope}</code>
          ))}
        </span>
      </details>
    </section>
  )
}

/** Shows the preferences; the sheet of every page changes them. */
function BrowserPreferences() {
  const t = text.value
  const [sheet, setSheet] = useState<'preferences' | 'shortcuts' | null>(null)
  return (
    <section class="card stack" aria-labelledby="preferences">
      <div class="card-head">
        <h2 id="preferences">{t.account.preferences}</h2>
        <Button icon="sliders" kind="quiet" onClick={() => setSheet('preferences')}>
          {t.account.change}
        </Button>
      </div>
      <p class="soft">{t.account.preferencesHint}</p>
      <Facts
        facts={[
          [t.app.theme, t.themes[theme.value]],
          [t.app.language, LANGUAGES[language.value]],
          [t.account.zone, nameZone(chosenZone.value ?? t.account.deviceZone(deviceZone))]
        ]}
      />
      {sheet === 'preferences' && (
        <Preferences onClose={() => setSheet(null)} onShortcuts={() => setSheet('shortcuts')} />
      )}
      {sheet === 'shortcuts' && <ShortcutSheet onClose={() => setSheet(null)} />}
    </section>
  )
}

const SIZE = 50

function OwnSessions({ current }: { current: Session }) {
  const t = text.value
  const list = useCursorList<ActiveSession, SessionQuery>('own sessions', api.sessions.list, {
    page: 1,
    per_page: SIZE
  })
  const [isAsking, setAsking] = useState(false)
  const hasOthers = list.data?.rows.some(({ is_current }) => !is_current) ?? false
  return (
    <section class="stack" aria-labelledby="sessions">
      <div class="section-head">
        <div>
          <h2 id="sessions">{t.account.sessions}</h2>
          <p class="soft">{current.key_id === null ? t.account.sessionsOfUser : t.account.sessionsOfKey}</p>
        </div>
        {hasOthers && <Button onClick={() => setAsking(true)}>{t.sessions.endOthers}</Button>}
      </div>
      <SessionList list={list} />
      {isAsking && (
        <Confirm
          title={t.sessions.endOthersTitle}
          action={t.sessions.endOthers}
          run={() => api.sessions.endOthers()}
          onDone={() => {
            setAsking(false)
            showToast(t.sessions.endedOthers)
            list.reload()
          }}
          onClose={() => setAsking(false)}
        >
          <p>{t.sessions.endOthersHint}</p>
        </Confirm>
      )}
    </section>
  )
}
