import { useState } from 'preact/hooks'
import { text } from '#dashboard/core/language.ts'
import { readPreference, writePreference } from '#dashboard/core/storage.ts'
import { Button } from '#dashboard/ui/button.tsx'
import { SelectField, TextField } from '#dashboard/ui/field.tsx'
import { replaceParameters, toLocation } from '#schema/shapes/location.ts'
import { toUtmQuery, UTM_NAMES } from '#schema/shapes/utm.ts'
import { type Draft, FIELDS, type Field } from './edit-fields.ts'

/** UTM parameters that a person uses again, kept in this browser. */
interface Template {
  name: string
  values: Record<string, string>
}

export const isCampaign = ({ name }: Field) => name === 'utm'

const PATHS = FIELDS.filter(isCampaign).map(({ path }) => path)

/** Longest name of a template. */
const MAX_NAME = 60

function readTemplates(): Template[] {
  try {
    const stored: unknown = JSON.parse(readPreference('utm') ?? '[]')
    return Array.isArray(stored) ? stored.filter(isTemplate) : []
  } catch {
    return []
  }
}

function isTemplate(value: unknown): value is Template {
  const { name, values } = (value ?? {}) as Partial<Template>
  return (
    typeof name === 'string' &&
    typeof values === 'object' &&
    values !== null &&
    Object.values(values).every((one) => typeof one === 'string')
  )
}

const byName = (one: Template, other: Template) => one.name.localeCompare(other.name)

interface ToolProps {
  draft: Draft
  onDraft: (change: Draft) => void
}

/** What the editor offers beside the parameters: templates, and the target with them. */
export function CampaignTools(props: ToolProps) {
  const preview = previewTarget(props.draft)
  return (
    <>
      <UtmTemplates {...props} />
      {preview !== null && (
        <p class="small">
          {text.value.utm.preview} <span class="wrap soft">{preview}</span>
        </p>
      )}
    </>
  )
}

/** Fills in the parameters of a template, and keeps the present ones as a template. */
function UtmTemplates({ draft, onDraft }: ToolProps) {
  const t = text.value.utm
  const [templates, setTemplates] = useState(readTemplates)
  const [chosen, setChosen] = useState('')
  const [name, setName] = useState('')

  function keep(next: Template[]) {
    setTemplates(next)
    writePreference('utm', JSON.stringify(next))
  }

  function choose(wanted: string) {
    setChosen(wanted)
    const template = templates.find((one) => one.name === wanted)
    if (template) onDraft(Object.fromEntries(PATHS.map((path) => [path, template.values[path] ?? ''])))
  }

  function save() {
    const values = Object.fromEntries(PATHS.map((path) => [path, String(draft[path] ?? '').trim()]))
    const own = { name: name.trim().slice(0, MAX_NAME), values }
    keep([...templates.filter((one) => one.name !== own.name), own].toSorted(byName))
    setChosen(own.name)
    setName('')
  }

  const isEmpty = PATHS.every((path) => String(draft[path] ?? '').trim() === '')
  return (
    <div class="utm-templates">
      {templates.length > 0 && (
        <div class="with-button">
          <SelectField
            label={t.template}
            value={chosen}
            options={[
              { value: '', label: t.none },
              ...templates.map((one) => ({ value: one.name, label: one.name }))
            ]}
            onValue={choose}
          />
          <Button
            disabled={chosen === ''}
            onClick={() => {
              keep(templates.filter((one) => one.name !== chosen))
              setChosen('')
            }}
          >
            {t.forget}
          </Button>
        </div>
      )}
      {!isEmpty && (
        <div class="with-button">
          <TextField label={t.saveAs} hint={t.saveHint} value={name} maxLength={MAX_NAME} onValue={setName} />
          <Button disabled={name.trim() === ''} onClick={save}>
            {t.save}
          </Button>
        </div>
      )}
    </div>
  )
}

/** The target with the parameters of the draft, as a redirect has it; null if it has none. */
function previewTarget(draft: Draft): string | null {
  const target = String(draft['original_url'] ?? '')
  const set = UTM_NAMES.flatMap((name) => {
    const value = String(draft[`utm.${name}`] ?? '').trim()
    return value === '' ? [] : [[name, value]]
  })
  if (set.length === 0 || !URL.canParse(target)) return null
  return replaceParameters(toLocation(target), toUtmQuery(Object.fromEntries(set)))
}
