import { useState } from 'preact/hooks'
import { formatBytes } from '#dashboard/admin/figures.ts'
import { FilterSelect } from '#dashboard/admin/filter.tsx'
import { UPLOAD_LIMIT } from '#dashboard/core/environment.ts'
import { text } from '#dashboard/core/language.ts'
import { Button, IconButton } from '#dashboard/ui/button.tsx'
import { SelectField } from '#dashboard/ui/field.tsx'
import { Icon } from '#dashboard/ui/icon.tsx'
import { JSON_LIMIT_BYTES, type OnConflict } from '#schema/shapes/import-report.ts'
import { DropZone } from './drop-zone.tsx'
import { detectContent, KIND_NAMES, type KindName } from './kinds.ts'
import type { ChosenFile } from './send-files.ts'
import { choice, chooseFiles, startUpload, type Upload } from './upload.ts'
import { UploadError } from './upload-error.tsx'

const ON_CONFLICT = ['skip', 'renumber', 'fail'] as const satisfies readonly OnConflict[]

const MAX_NAME = 200

/** A name for people: without the controls that change the direction of the text around it, and not endless. */
function nameOf({ name }: File): string {
  const plain = name.replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '')
  return plain.length > MAX_NAME ? `${[...plain.slice(0, MAX_NAME)].slice(0, -1).join('')}…` : plain
}

/** Why the server would not take the file, before it is sent. Returns the file with its kind, or a sentence. */
async function checkFile(file: File): Promise<ChosenFile | string> {
  const t = text.value.imports
  // The isolates keep a name in another direction from turning the sentence.
  const name = `\u2068${nameOf(file)}\u2069`
  if (UPLOAD_LIMIT > 0 && file.size > UPLOAD_LIMIT)
    return t.tooLarge(name, formatBytes(file.size), formatBytes(UPLOAD_LIMIT))
  try {
    const content = await detectContent(file)
    if (content.isJson && file.size > JSON_LIMIT_BYTES)
      return t.tooLargeJson(name, formatBytes(file.size), formatBytes(JSON_LIMIT_BYTES))
    return file.size === 0 ? t.isEmpty(name) : { ...content, file }
  } catch {
    return t.unreadable(name)
  }
}

/** The choice of files and of what becomes of conflicts. */
export function ImportForm({ state }: { state: Exclude<Upload, { step: 'sending' | 'done' }> }) {
  const t = text.value.imports
  const { files, onConflict } = choice.value
  const [faults, setFaults] = useState<string[]>([])

  async function add(added: readonly File[]): Promise<void> {
    const found: string[] = []
    const fresh: ChosenFile[] = []
    const all = await Promise.all(added.map(checkFile))
    const others = choice.value.files.filter(
      ({ kind }) => !all.some((one) => typeof one === 'object' && one.kind === kind)
    )
    for (const checked of all)
      if (typeof checked === 'string') found.push(checked)
      else if (fresh.some(({ kind }) => kind === checked.kind))
        found.push(t.twice(`\u2068${nameOf(checked.file)}\u2069`))
      else if ([...others, ...fresh].some(({ isJson }) => isJson !== checked.isJson))
        found.push(t.mixed(`\u2068${nameOf(checked.file)}\u2069`))
      else fresh.push(checked)
    const kept = choice.value.files.filter(({ kind }) => !fresh.some((one) => one.kind === kind))
    if (fresh.length > 0) chooseFiles([...kept, ...fresh])
    setFaults(found)
  }

  /** Files have different kinds, so another file of that kind gets the old one. */
  function setKind(changed: ChosenFile, kind: KindName): void {
    chooseFiles(
      files.map((one) =>
        one === changed ? { ...one, kind } : one.kind === kind ? { ...one, kind: changed.kind } : one
      )
    )
  }

  return (
    <>
      {state.step === 'failed' && <UploadError error={state.error} />}
      {state.step === 'cancelled' && (
        <div class="note warn" role="alert">
          <p class="note-text">{t.cancelled}</p>
        </div>
      )}
      <DropZone onFiles={(added) => void add(added)} />
      {faults.length > 0 && (
        <div class="note bad" role="alert">
          <Icon name="alert" />
          <div class="note-text stack">
            {faults.map((fault) => (
              <p key={fault} class="wrap">
                {fault}
              </p>
            ))}
          </div>
        </div>
      )}
      {files.length > 0 && (
        <>
          <ul class="chosen" aria-label={t.chosen}>
            {files.map((one) => (
              <li key={one.kind}>
                <Icon name="file" />
                <span class="chosen-name">
                  <span class="cut strong">{nameOf(one.file)}</span>
                  <span class="soft small number">{formatBytes(one.file.size)}</span>
                </span>
                <FilterSelect
                  label={t.kindOf(nameOf(one.file))}
                  value={one.kind}
                  options={KIND_NAMES.map((value) => ({ value, label: t.kinds[value] }))}
                  onValue={(kind) => setKind(one, kind as KindName)}
                />
                <IconButton
                  icon="close"
                  label={t.removeOf(nameOf(one.file))}
                  onClick={() => chooseFiles(files.filter((other) => other !== one))}
                />
              </li>
            ))}
          </ul>
          <div class="import-options">
            <SelectField<OnConflict>
              label={t.onConflict}
              hint={
                onConflict === 'renumber' && files.length === 1 ? t.renumberOne : t.conflictHints[onConflict]
              }
              value={onConflict}
              options={ON_CONFLICT.map((value) => ({ value, label: t.conflicts[value] }))}
              onValue={(onConflict) => {
                choice.value = { ...choice.value, onConflict }
              }}
            />
          </div>
          <div>
            <Button kind="primary" icon="upload" onClick={() => void startUpload()}>
              {t.submit(files.length)}
            </Button>
          </div>
        </>
      )}
    </>
  )
}
