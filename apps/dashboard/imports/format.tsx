import { useId } from 'preact/hooks'
import { download } from '#dashboard/core/download.ts'
import { BASE } from '#dashboard/core/environment.ts'
import { text } from '#dashboard/core/language.ts'
import { Button } from '#dashboard/ui/button.tsx'
import { Table } from '#dashboard/ui/table.tsx'
import { KIND_NAMES, KINDS, type KindName, makeTemplate } from './kinds.ts'

/** The columns of each file, with a template. */
export function Format() {
  const t = text.value.imports
  const id = useId()
  return (
    <section class="card stack" aria-labelledby={id}>
      <div>
        <h2 id={id}>{t.format}</h2>
        <p class="soft">
          {t.formatHint} <a href={`${BASE}/docs#/imports`}>{t.formatMore}</a>
        </p>
      </div>
      <Table<KindName>
        caption={t.format}
        layout="is-list is-flush is-format"
        rows={KIND_NAMES}
        keyOf={(name) => name}
        columns={[
          { id: 'name', label: t.file, isHead: true, render: (name) => t.kinds[name] },
          { id: 'required', label: t.required, render: (name) => <Columns names={KINDS[name].required} /> },
          { id: 'optional', label: t.optional, render: (name) => <Columns names={KINDS[name].optional} /> },
          {
            id: 'actions',
            label: t.template,
            isBare: true,
            align: 'end',
            render: (name) => (
              <Button
                isSmall
                icon="download"
                aria-label={t.templateOf(t.kinds[name])}
                onClick={() => download(`${name}.csv`, new Blob([makeTemplate(name)], { type: 'text/csv' }))}
              >
                {t.template}
              </Button>
            )
          }
        ]}
      />
    </section>
  )
}

function Columns({ names }: { names: readonly string[] }) {
  return (
    <span class="columns">
      {names.map((name) => (
        <code key={name}>{name}</code>
      ))}
    </span>
  )
}
