import { effect, signal } from '@preact/signals'
import { holdTab } from '#dashboard/core/hold-tab.ts'
import { owner } from '#dashboard/core/session.ts'
import type { OnConflict, SetReport } from '#schema/shapes/import-report.ts'
import { KIND_NAMES } from './kinds.ts'
import { type ChosenFile, type Sending, sendFiles } from './send-files.ts'

/** The import of this tab. It is outside the page, so it goes on while other pages are open. */

export interface Choice {
  files: readonly ChosenFile[]
  onConflict: OnConflict
}

export type Upload =
  | { step: 'none' }
  | { step: 'sending'; sent: number; total: number }
  | { step: 'done'; reports: SetReport }
  | { step: 'failed'; error: unknown }
  | { step: 'cancelled' }

const NO_CHOICE: Choice = { files: [], onConflict: 'skip' }

export const choice = signal<Choice>(NO_CHOICE)
export const upload = signal<Upload>({ step: 'none' })

let sending: Sending | null = null

export async function startUpload(): Promise<void> {
  if (sending !== null) return
  const { files, onConflict } = choice.value
  const total = files.reduce((sum, { file }) => sum + file.size, 0)
  upload.value = { step: 'sending', sent: 0, total }
  const current = sendFiles(files, onConflict, (sent) => {
    // A form is a little larger than its files.
    upload.value = { step: 'sending', sent: Math.min(sent, total), total }
  })
  sending = current
  const next = await holdTab(() => current.result).then(
    (reports): Upload => ({ step: 'done', reports }),
    (error): Upload => (error?.name === 'AbortError' ? { step: 'cancelled' } : { step: 'failed', error })
  )
  if (sending !== current) return
  sending = null
  upload.value = next
}

export function cancelUpload(): void {
  sending?.cancel()
}

/** Forgets the last import and its files. */
export function resetUpload(): void {
  choice.value = NO_CHOICE
  upload.value = { step: 'none' }
}

/** Adds files, or replaces what is known of them. The order is that of the server. */
export function chooseFiles(files: readonly ChosenFile[]): void {
  const place = ({ kind }: ChosenFile) => KIND_NAMES.indexOf(kind)
  choice.value = { ...choice.value, files: files.toSorted((one, other) => place(one) - place(other)) }
  if (upload.value.step !== 'sending') upload.value = { step: 'none' }
}

// Another caller must not see the files and reports of the one before.
let last = owner.value
effect(() => {
  if (owner.value === last) return
  last = owner.value
  const current = sending
  sending = null
  current?.cancel()
  resetUpload()
})
