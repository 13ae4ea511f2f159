import { useEffect, useId, useRef } from 'preact/hooks'
import { AreaPage } from '#dashboard/admin/area-page.tsx'
import { formatBytes, formatRatio } from '#dashboard/admin/figures.ts'
import { text } from '#dashboard/core/language.ts'
import { Button } from '#dashboard/ui/button.tsx'
import { Exports } from './exports.tsx'
import { Format } from './format.tsx'
import { ImportForm } from './import-form.tsx'
import { Reports } from './reports.tsx'
import { cancelUpload, upload } from './upload.ts'

/** Imports files, and exports them. An import goes on while other pages are open. */
export default function ImportsPage() {
  return (
    <AreaPage area="imports">
      <Import />
      <Format />
      <Exports />
    </AreaPage>
  )
}

function Import() {
  const t = text.value.imports
  const id = useId()
  const state = upload.value
  const heading = useRef<HTMLHeadingElement>(null)
  const last = useRef(state.step)
  // The button that had the focus is gone.
  useEffect(() => {
    if (last.current !== state.step) heading.current?.focus()
    last.current = state.step
  }, [state.step])
  return (
    <section class="card stack import" aria-labelledby={id}>
      <h2 id={id} ref={heading} tabIndex={-1}>
        {t.title}
      </h2>
      {state.step === 'sending' && <Progress {...state} />}
      {state.step === 'done' && <Reports reports={state.reports} />}
      {state.step !== 'sending' && state.step !== 'done' && <ImportForm state={state} />}
    </section>
  )
}

function Progress({ sent, total }: { sent: number; total: number }) {
  const t = text.value.imports
  const id = useId()
  const isSent = sent >= total
  return (
    <>
      <div class="upload">
        <p class="row" id={id}>
          <span class="strong" role="status">
            {isSent ? t.storing : t.sending}
          </span>
          <span class="soft number push">
            {t.progress(formatBytes(sent), formatBytes(total), formatRatio(total > 0 ? sent / total : 1, 0))}
          </span>
        </p>
        <progress class="bar" aria-labelledby={id} max={total} value={isSent ? undefined : sent} />
      </div>
      <p class="soft small">{t.sendingHint}</p>
      <div>
        <Button onClick={cancelUpload}>{t.cancel}</Button>
      </div>
    </>
  )
}
