import { useState } from 'preact/hooks'
import lazy from 'preact-iso/lazy'
import { useAction } from '#dashboard/core/action.ts'
import { loadPart } from '#dashboard/core/connection.ts'
import { HOME } from '#dashboard/core/environment.ts'
import { text } from '#dashboard/core/language.ts'
import { THEMES, type Theme } from '#dashboard/core/themes.ts'
import { Button, ButtonLink, IconButton, IconLink } from '#dashboard/ui/button.tsx'
import { CopyButton } from '#dashboard/ui/copy.tsx'
import { Dialog } from '#dashboard/ui/dialog.tsx'
import { Choice, Field, SelectField, SwitchField, TextArea, TextField } from '#dashboard/ui/field.tsx'
import { FormFoot } from '#dashboard/ui/form-foot.tsx'
import { Popover } from '#dashboard/ui/popover.tsx'
import { Badge } from '#dashboard/ui/states.tsx'
import { TagInput } from '#dashboard/ui/tag-input.tsx'
import { TagName, Tags } from '#dashboard/ui/tags.tsx'
import { showToast } from '#dashboard/ui/toast.tsx'
import { GalleryLists, sampleError } from './gallery-lists.tsx'
import { usePageTitle } from './page-title.ts'

const QrDialog = lazy(() => loadPart(() => import('#dashboard/ui/qr.tsx')))

/** Every component in each state: the reference for new pages, and the subject of a test. */
export default function GalleryPage() {
  const t = text.value
  usePageTitle(t.gallery.title)
  return (
    <div class="stack wide gallery">
      <div>
        <h1>{t.gallery.title}</h1>
        <p class="soft">{t.gallery.lead}</p>
      </div>
      <Buttons />
      <Fields />
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
      <GalleryLists />
      <Overlays />
    </div>
  )
}

function Buttons() {
  const t = text.value
  return (
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
      </div>
      <div class="row">
        <Button icon="download">{t.app.save}</Button>
        <Button isSmall>{t.gallery.small}</Button>
        <ButtonLink href={`${HOME}/components`} icon="link">
          {t.app.components}
        </ButtonLink>
        <CopyButton value={HOME} label={t.app.copy} />
        <IconButton icon="pencil" label={t.links.edit} />
        <CopyButton isIcon value={HOME} label={t.app.copy} />
        <IconLink icon="link" label={t.app.components} href={`${HOME}/components`} />
      </div>
    </section>
  )
}

function Fields() {
  const t = text.value
  const [value, setValue] = useState('')
  const [isOn, setOn] = useState(true)
  const [tags, setTags] = useState([HOME, t.fields.tags.label.toLowerCase()])
  const [theme, setTheme] = useState<Theme>('auto')
  const options = THEMES.map((value) => ({ value, label: t.themes[value] }))
  return (
    <section class="card stack">
      <h2>{t.gallery.fields}</h2>
      <div class="samples">
        <TextField
          label={t.gallery.withHint}
          mark={t.app.optional}
          hint={t.gallery.hint}
          value={value}
          onValue={setValue}
        />
        <TextField label={t.gallery.withError} error={t.gallery.error} value={value} onValue={setValue} />
        <TextField label={t.gallery.disabled} disabled value={value} onValue={setValue} />
        <TextField label={t.stats.from} type="date" value={value} onValue={setValue} />
        <SelectField label={t.app.theme} value={theme} options={options} onValue={setTheme} />
        <TagInput label={t.fields.tags.label} value={tags} onValue={setTags} />
        <Field label={t.tags.color}>
          {(wiring) => <input class="input color-input" type="color" {...wiring} />}
        </Field>
        <Tags names={tags} />
        <span class="tag">
          <TagName name={t.tags.ofLink} color={null} />
        </span>
        <TextArea label={t.fields.note.label} value={value} onValue={setValue} />
        <div class="stack">
          <SwitchField
            label={t.fields.is_active.label}
            hint={t.fields.is_active.hint}
            value={isOn}
            onValue={setOn}
          />
          <SwitchField label={t.links.inactive} value={!isOn} onValue={(next) => setOn(!next)} />
        </div>
        <div>
          <Choice label={t.app.theme} value={theme} options={options} onValue={setTheme} />
        </div>
      </div>
    </section>
  )
}

function Overlays() {
  const t = text.value
  const [open, setOpen] = useState<'dialog' | 'form' | 'qr' | null>(null)
  const onClose = () => setOpen(null)
  const action = useAction()
  return (
    <section class="card stack">
      <h2>{t.gallery.overlays}</h2>
      <div class="row">
        <Button onClick={() => setOpen('dialog')}>{t.gallery.openDialog}</Button>
        <Button
          onClick={() => {
            action.fail(sampleError(t.gallery.error))
            setOpen('form')
          }}
        >
          {t.gallery.form}
        </Button>
        <Button onClick={() => setOpen('qr')}>{t.links.qr}</Button>
        <Popover label={t.gallery.panel} icon="filter" mark="2">
          {(close) => <Button onClick={close}>{t.app.close}</Button>}
        </Popover>
        <Button onClick={() => showToast(t.gallery.toastText)}>{t.gallery.showToast}</Button>
        <Button
          onClick={() =>
            showToast(t.gallery.error, { kind: 'bad', action: { label: t.app.retry, run: () => undefined } })
          }
        >
          {t.gallery.withError}
        </Button>
      </div>
      {open === 'dialog' && (
        <Dialog title={t.gallery.openDialog} onClose={onClose}>
          <p>{t.gallery.dialogText}</p>
          <footer class="dialog-foot">
            <Button onClick={onClose}>{t.app.cancel}</Button>
            <Button kind="danger" onClick={onClose}>
              {t.links.remove}
            </Button>
          </footer>
        </Dialog>
      )}
      {open === 'form' && (
        <Dialog title={t.gallery.form} onClose={onClose}>
          <FormFoot action={action} label={t.app.save} onClose={onClose} />
        </Dialog>
      )}
      {open === 'qr' && <QrDialog url={location.href} code={t.gallery.title} onClose={onClose} />}
    </section>
  )
}
