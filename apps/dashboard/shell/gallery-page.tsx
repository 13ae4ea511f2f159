import { useState } from 'preact/hooks'
import { ApiError } from '#apps/client/api-error.ts'
import { HOME } from '#dashboard/core/environment.ts'
import { text } from '#dashboard/core/language.ts'
import { THEMES, type Theme } from '#dashboard/core/themes.ts'
import { Button, IconButton } from '#dashboard/ui/button.tsx'
import { CopyButton } from '#dashboard/ui/copy.tsx'
import { Dialog } from '#dashboard/ui/dialog.tsx'
import { Choice, SelectField, SwitchField, TextArea, TextField } from '#dashboard/ui/field.tsx'
import { Badge, Empty, ErrorNote, Skeleton } from '#dashboard/ui/states.tsx'
import { showToast } from '#dashboard/ui/toast.tsx'
import { usePageTitle } from './page-title.ts'

const example = (detail: string) =>
  new ApiError({ code: '', status: 503, title: detail, detail, requestId: HOME })

/** Every component in each state: the reference for new pages, and the subject of a screenshot. */
export default function GalleryPage() {
  const t = text.value
  usePageTitle(t.gallery.title)
  const [value, setValue] = useState('')
  const [isOn, setOn] = useState(true)
  const [theme, setTheme] = useState<Theme>('auto')
  const [isOpen, setOpen] = useState(false)
  const options = THEMES.map((value) => ({ value, label: t.themes[value] }))
  return (
    <div class="stack wide">
      <div>
        <h1>{t.gallery.title}</h1>
        <p class="soft">{t.gallery.lead}</p>
      </div>
      <section class="card stack">
        <h2>{t.gallery.buttons}</h2>
        <div class="row">
          <Button kind="primary">{t.gallery.primary}</Button>
          <Button>{t.gallery.secondary}</Button>
          <Button kind="quiet">{t.gallery.quiet}</Button>
          <Button kind="danger">{t.gallery.danger}</Button>
          <Button disabled>{t.gallery.disabled}</Button>
          <Button kind="primary" isBusy>
            {t.gallery.busy}
          </Button>
          <Button icon="download">{t.app.save}</Button>
          <IconButton icon="pencil" label={t.links.edit} />
          <CopyButton value={HOME} label={t.app.copy} />
        </div>
      </section>
      <section class="card stack">
        <h2>{t.gallery.fields}</h2>
        <div class="samples">
          <TextField label={t.gallery.withHint} hint={t.gallery.hint} value={value} onValue={setValue} />
          <TextField label={t.gallery.withError} error={t.gallery.error} value={value} onValue={setValue} />
          <TextField label={t.gallery.disabled} disabled value={value} onValue={setValue} />
          <SelectField label={t.app.theme} value={theme} options={options} onValue={setTheme} />
          <TextArea label={t.fields.note.label} value={value} onValue={setValue} />
          <div class="stack">
            <SwitchField label={t.fields.is_active.label} value={isOn} onValue={setOn} />
            <Choice label={t.app.theme} value={theme} options={options} onValue={setTheme} />
          </div>
        </div>
      </section>
      <section class="card stack">
        <h2>{t.gallery.badges}</h2>
        <div class="row">
          <Badge tone="good">{t.links.active}</Badge>
          <Badge tone="plain">{t.links.inactive}</Badge>
          <Badge tone="warn">{t.links.expired}</Badge>
          <Badge tone="bad">{t.gallery.danger}</Badge>
          <kbd>n</kbd>
        </div>
      </section>
      <section class="card stack">
        <h2>{t.gallery.states}</h2>
        <Skeleton rows={2} />
        <ErrorNote error={example(t.gallery.error)} onRetry={() => showToast(t.gallery.toastText)} />
        <Empty icon="link" title={t.links.emptyTitle} hint={t.links.emptyHint} />
      </section>
      <section class="card stack">
        <h2>{t.gallery.overlays}</h2>
        <div class="row">
          <Button onClick={() => setOpen(true)}>{t.gallery.openDialog}</Button>
          <Button onClick={() => showToast(t.gallery.toastText)}>{t.gallery.showToast}</Button>
        </div>
      </section>
      {isOpen && (
        <Dialog title={t.gallery.openDialog} onClose={() => setOpen(false)}>
          <p>{t.gallery.dialogText}</p>
          <footer class="dialog-foot">
            <Button onClick={() => setOpen(false)}>{t.app.cancel}</Button>
            <Button kind="danger" onClick={() => setOpen(false)}>
              {t.links.remove}
            </Button>
          </footer>
        </Dialog>
      )}
    </div>
  )
}
