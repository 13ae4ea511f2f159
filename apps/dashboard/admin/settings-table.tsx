import { useId, useState } from 'preact/hooks'
import { formatNumber } from '#dashboard/core/format.ts'
import { text } from '#dashboard/core/language.ts'
import { Choice } from '#dashboard/ui/field.tsx'
import { SearchField } from '#dashboard/ui/search.tsx'
import { Badge } from '#dashboard/ui/states.tsx'
import { Table } from '#dashboard/ui/table.tsx'
import type { SystemSetting } from '#schema/shapes/system.ts'

/** The settings of the process, with those that differ from their defaults marked. */
export function SettingsTable({ settings }: { settings: readonly SystemSetting[] }) {
  const t = text.value.system
  const id = useId()
  const [q, setQ] = useState('')
  const [shown, setShown] = useState<'all' | 'changed'>('changed')
  const wanted = q.trim().toLowerCase()
  const rows = settings.filter(
    ({ name, description, is_default }) =>
      (shown === 'all' || !is_default) && `${name} ${description}`.toLowerCase().includes(wanted)
  )
  return (
    <section class="stack" aria-labelledby={id}>
      <div>
        <h2 id={id}>{t.settings}</h2>
        <p class="soft">{t.settingsHint}</p>
      </div>
      <div class="filters">
        <SearchField label={t.searchSettings} value={q} onValue={setQ} />
        <Choice
          label={t.settings}
          value={shown}
          options={[
            { value: 'changed', label: t.onlyChanged },
            { value: 'all', label: t.allSettings }
          ]}
          onValue={setShown}
        />
        <p class="soft small number" role="status">
          {rows.length === 0 ? t.noSetting : t.countSettings(formatNumber(rows.length), rows.length)}
        </p>
      </div>
      {rows.length > 0 && (
        <Table<SystemSetting>
          caption={t.settings}
          layout="is-settings card"
          rows={rows}
          keyOf={({ name }) => name}
          columns={[
            {
              id: 'setting',
              label: t.columnSetting,
              isHead: true,
              render: ({ name, description }) => (
                <>
                  <code class="wrap strong">{name}</code>
                  <p class="soft small wrap">{description}</p>
                </>
              )
            },
            { id: 'value', label: t.columnValue, render: (setting) => <Value setting={setting} /> }
          ]}
        />
      )}
    </section>
  )
}

function Value({ setting: { value, default: usual, is_default } }: { setting: SystemSetting }) {
  const t = text.value.system
  return (
    <div class="setting-value">
      {value === null ? <span class="soft">{t.unset}</span> : <code class="wrap">{value}</code>}
      {!is_default && (
        <p class="row small soft">
          <Badge tone="plain">{t.changed}</Badge>
          {usual !== null && <span class="wrap">{t.defaultIs(usual)}</span>}
        </p>
      )}
    </div>
  )
}
