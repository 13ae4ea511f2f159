import { useState } from 'preact/hooks'
import { formatNumber } from '#dashboard/core/format.ts'
import { text } from '#dashboard/core/language.ts'
import { Badge, More } from '#dashboard/ui/states.tsx'
import { Table } from '#dashboard/ui/table.tsx'
import { guard } from '#schema/shapes/csv.ts'
import type { KindName } from './kinds.ts'

/** A line of a file with the reason why it is listed. */
export interface Remark {
  /** Null if there is one file. */
  kind: KindName | null
  line: number
  isError: boolean
  reason: string
}

/** Rows that are added at a time: thousands at once would hold up the page. */
const STEP = 100

export function Remarks({ rows }: { rows: readonly Remark[] }) {
  const t = text.value.imports
  const [shown, setShown] = useState(STEP)
  const hasKinds = rows.some(({ kind }) => kind !== null)
  return (
    <>
      <Table<Remark & { key: number }>
        caption={t.remarks}
        layout="is-list is-flush is-remarks"
        rows={rows.slice(0, shown).map((row, key) => ({ ...row, key }))}
        keyOf={({ key }) => key}
        columns={[
          {
            id: 'line',
            label: t.line,
            isHead: true,
            render: ({ line }) => (
              <span class="number">
                <span class="line-label">{t.line} </span>
                {formatNumber(line)}
              </span>
            )
          },
          ...(hasKinds
            ? [
                {
                  id: 'kind',
                  label: t.file,
                  render: ({ kind }: Remark) => kind && t.kinds[kind]
                }
              ]
            : []),
          {
            id: 'tone',
            label: t.tone,
            render: ({ isError }) => (
              <Badge tone={isError ? 'bad' : 'warn'}>{isError ? t.error : t.warning}</Badge>
            )
          },
          { id: 'reason', label: t.reason, render: ({ reason }) => <span class="wrap">{reason}</span> }
        ]}
      />
      <More
        hasMore={shown < rows.length}
        shown={shown}
        isReading={false}
        label={t.more}
        onMore={() => setShown((last) => last + STEP)}
      />
    </>
  )
}

/** The remarks as CSV. A cell that a spreadsheet would run as a formula gets an apostrophe. */
export function toCsv(rows: readonly Remark[]): string {
  const cell = (value: string) => `"${guard(value).replaceAll('"', '""')}"`
  const lines = rows.map(({ kind, line, isError, reason }) =>
    [kind ?? '', String(line), isError ? 'error' : 'warning', reason].map(cell).join()
  )
  return `file,line,kind,reason\n${lines.map((line) => `${line}\n`).join('')}`
}
