import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { ApiError } from '#apps/client/api-error.ts'
import { text } from '#dashboard/core/language.ts'
import { may } from '#dashboard/core/session.ts'
import { IconButton } from '#dashboard/ui/button.tsx'
import { explain } from '#dashboard/ui/states.tsx'
import { showToast } from '#dashboard/ui/toast.tsx'
import type { Url } from '#schema/shapes/url.ts'
import { lastChange } from './changes.ts'
import { explainField, LinkConflict } from './conflict.tsx'
import { beginEdit, type Edit, readBase } from './edit.ts'
import { FIELDS, type FieldName, findError, readFieldErrors, toChange, toDraft } from './edit-fields.ts'
import { type Outdated, pickChanged, saveDraft } from './save.ts'

const show = (url: Url) => {
  lastChange.value = { kind: 'changed', url }
}

type Messages = Record<string, string>

interface InPlaceProps {
  url: Url
  names: readonly FieldName[]
  children: ComponentChildren
}

/**
 * Shows a part of a link, and edits its fields in place. The list shows the new values before the server
 * confirms them; a refused edit opens again with what was typed.
 */
export function InPlace({ url, names, children }: InPlaceProps) {
  const [edit, setEdit] = useState<Edit | null>(null)
  const [messages, setMessages] = useState<Messages>({})
  const [other, setOther] = useState<Outdated | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [isBusy, setBusy] = useState(false)
  const isEditing = useRef(false)
  isEditing.current = edit !== null
  const element = useRef<HTMLSpanElement>(null)
  /** The save under way. An edit that begins meanwhile is one of what it leaves. */
  const saving = useRef(Promise.resolve())
  const isGone = useRef(false)
  useEffect(
    () => () => {
      isGone.current = true
    },
    []
  )

  function begin() {
    setMessages({})
    setEdit(beginEdit(url))
    const read = saving.current.then(() => readBase(url))
    read.then(
      (rebase) => setEdit((last) => (last && last.base.row === url ? rebase(last) : last)),
      () => undefined
    )
  }

  function close() {
    setEdit(null)
    // The button is there after the next rendering.
    requestAnimationFrame(() => element.current?.querySelector<HTMLElement>('.in-place-open button')?.focus())
  }

  function onSubmit(edit: Edit) {
    const invalid = FIELDS.flatMap((field): [string, string][] => {
      const found = findError(field, edit.draft[field.path])
      return found && names.includes(field.name) ? [[field.path, explainField(found)]] : []
    })
    if (invalid.length > 0) return setMessages(Object.fromEntries(invalid))
    close()
    if (pickChanged(toDraft(edit.base.row), edit.draft).length === 0) return
    saving.current = saving.current.then(() => send(edit))
  }

  async function send({ base, draft }: Edit) {
    show({ ...base.row, ...toChange(toDraft(base.row), draft) } as Url)
    setBusy(true)
    setError(null)
    try {
      const result = await saveDraft(base, draft)
      show(result.kind === 'saved' ? result.url : result.theirs.row)
      setOther(result.kind === 'saved' ? null : result)
      if (result.kind === 'saved') showToast(text.value.links.saved)
    } catch (error) {
      show(base.row)
      fail({ base, draft }, error)
    }
    setBusy(false)
  }

  function fail(edit: Edit, error: unknown) {
    if (isGone.current || isEditing.current) return showToast(explain(error), { kind: 'bad' })
    if (other) return setError(error)
    const known = error instanceof ApiError ? readFieldErrors(error) : {}
    const own = names.filter((name) => known[name] !== undefined)
    setMessages(own.length > 0 ? known : { [names[0] ?? '']: explain(error) })
    setEdit(edit)
  }

  if (other)
    return (
      <>
        {children}
        <LinkConflict
          {...other}
          isBusy={isBusy}
          error={error}
          onKeepYours={() => void send({ base: other.theirs, draft: other.yours })}
          onTakeTheirs={() => setOther(null)}
          onClose={() => {
            setOther(null)
            setEdit({ base: other.theirs, draft: other.yours })
          }}
        />
      </>
    )
  if (edit === null)
    return (
      // biome-ignore lint/a11y/noStaticElementInteractions: the button inside does the same
      <span ref={element} class="in-place" onDblClick={may('urls:write') ? begin : undefined}>
        {children}
        {may('urls:write') && (
          <span class="in-place-open">
            <IconButton icon="pencil" label={text.value.list.editInPlace(url.short_code)} onClick={begin} />
          </span>
        )}
      </span>
    )
  return (
    <Editor
      edit={edit}
      names={names}
      messages={messages}
      onEdit={setEdit}
      onSubmit={() => onSubmit(edit)}
      onCancel={close}
    />
  )
}

interface EditorProps {
  edit: Edit
  names: readonly FieldName[]
  messages: Messages
  onEdit: (edit: Edit) => void
  onSubmit: () => void
  onCancel: () => void
}

function Editor({ edit, names, messages, onEdit, onSubmit, onCancel }: EditorProps) {
  const t = text.value
  const form = useRef<HTMLFormElement>(null)
  const id = useId()
  useEffect(() => {
    const input = form.current?.querySelector<HTMLInputElement>('[aria-invalid=true], input')
    input?.focus()
    input?.select()
  }, [])
  return (
    <form
      ref={form}
      class="in-place-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        onSubmit()
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || event.isComposing) return
        event.stopPropagation()
        onCancel()
      }}
    >
      {names.map((name) => (
        <span key={name} class="in-place-field">
          <input
            class="input"
            aria-label={t.fields[name].label}
            placeholder={t.fields[name].label}
            aria-invalid={messages[name] !== undefined}
            aria-describedby={messages[name] === undefined ? undefined : `${id}-${name}`}
            autocomplete="off"
            spellcheck={false}
            value={String(edit.draft[name])}
            onInput={({ currentTarget: { value } }) =>
              onEdit({ ...edit, draft: { ...edit.draft, [name]: value } })
            }
          />
          {messages[name] !== undefined && (
            <span id={`${id}-${name}`} class="field-error wrap" role="alert">
              {messages[name]}
            </span>
          )}
        </span>
      ))}
      <span class="row nowrap">
        <IconButton type="submit" kind="primary" icon="check" label={t.list.saveInPlace} />
        <IconButton icon="close" label={t.list.cancelInPlace} onClick={onCancel} />
      </span>
    </form>
  )
}
