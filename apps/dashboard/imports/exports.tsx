import { useId, useState } from 'preact/hooks'
import { BASE } from '#dashboard/core/environment.ts'
import { text } from '#dashboard/core/language.ts'
import { may, session } from '#dashboard/core/session.ts'
import { ButtonLink } from '#dashboard/ui/button.tsx'
import { SwitchField } from '#dashboard/ui/field.tsx'
import { KIND_NAMES } from './kinds.ts'

/** Downloads of everything, which the browser streams. The server refuses callers that see only a part. */
export function Exports() {
  const t = text.value.imports
  const id = useId()
  const [isForSpreadsheet, setForSpreadsheet] = useState(false)
  const kinds = KIND_NAMES.filter((name) => may(`${name}:read`))
  if (session.value?.role !== 'admin' || kinds.length === 0) return null
  const search = isForSpreadsheet ? '?for=spreadsheet' : ''
  return (
    <section class="card stack" aria-labelledby={id}>
      <div>
        <h2 id={id}>{t.export}</h2>
        <p class="soft">{t.exportHint}</p>
      </div>
      <SwitchField
        label={t.spreadsheet}
        hint={t.spreadsheetHint}
        value={isForSpreadsheet}
        onValue={setForSpreadsheet}
      />
      <div class="row">
        {kinds.map((name) => (
          <ButtonLink
            key={name}
            icon="download"
            href={`${BASE}/${name}/bulk${search}`}
            download={`${name}.csv`}
          >
            {t.exportOf(t.kinds[name])}
          </ButtonLink>
        ))}
      </div>
    </section>
  )
}
