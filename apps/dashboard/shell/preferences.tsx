import { HOME, isOpen, VERSION } from '#dashboard/core/environment.ts'
import { LANGUAGES, type Language, language, setLanguage, text } from '#dashboard/core/language.ts'
import { may, session } from '#dashboard/core/session.ts'
import { setTheme, theme } from '#dashboard/core/theme.ts'
import { THEMES } from '#dashboard/core/themes.ts'
import { Button, ButtonLink } from '#dashboard/ui/button.tsx'
import { Dialog } from '#dashboard/ui/dialog.tsx'
import { Choice } from '#dashboard/ui/field.tsx'
import { Bookmarklet } from './bookmarklet.tsx'
import { onSignOut } from './commands.ts'
import { ZoneSetting } from './zone-setting.tsx'

/** Theme, language, time zone, and the session. */
export function Preferences({ onClose, onShortcuts }: { onClose: () => void; onShortcuts: () => void }) {
  const t = text.value
  const current = session.value
  const languages = Object.entries(LANGUAGES).map(([value, label]) => ({ value: value as Language, label }))

  return (
    <Dialog title={t.app.preferences} onClose={onClose}>
      <div class="setting">
        <span class="label">{t.app.theme}</span>
        <Choice
          label={t.app.theme}
          value={theme.value}
          options={THEMES.map((value) => ({ value, label: t.themes[value] }))}
          onValue={setTheme}
        />
      </div>
      <div class="setting">
        <span class="label">{t.app.language}</span>
        <Choice
          label={t.app.language}
          value={language.value}
          options={languages}
          onValue={(next) => void setLanguage(next)}
        />
      </div>
      <ZoneSetting />
      {may('urls:write') && <Bookmarklet />}
      {!isOpen && current !== null && (
        <div class="setting">
          <div>
            <p class="label wrap">{current.name}</p>
            <p class="soft small">{t.roles[current.role]}</p>
          </div>
          <Button icon="exit" onClick={onSignOut}>
            {t.app.signOut}
          </Button>
        </div>
      )}
      <div class="setting">
        <span class="label">{t.account.title}</span>
        <ButtonLink icon="user" href={`${HOME}/account`} onClick={onClose}>
          {t.account.toAccount}
        </ButtonLink>
      </div>
      <footer class="dialog-foot spread">
        <p class="soft small">
          {t.app.version(VERSION)} ·{' '}
          <a href={`${HOME}/components`} onClick={onClose}>
            {t.app.components}
          </a>
        </p>
        <Button icon="keyboard" onClick={onShortcuts}>
          {t.app.shortcuts}
        </Button>
      </footer>
    </Dialog>
  )
}
