import type { ComponentChildren } from 'preact'
import { formatNumber } from '#dashboard/core/format.ts'
import { text } from '#dashboard/core/language.ts'
import { Table } from '#dashboard/ui/table.tsx'
import { Chart } from './chart.tsx'
import { bucketLabel, type Range, summarise } from './series.ts'

/** Statistics of a range: the totals, a sentence, the chart, and its numbers as a table. */
export function Report({ range }: { range: Range }) {
  const t = text.value.stats
  const summary = summarise(range)
  const hasVisitors = range.series.some(({ visitors }) => visitors !== undefined)
  return (
    <section class="card report">
      <dl class="totals">
        <Total label={t.people} value={range.clicks - range.bots} tone="people" />
        <Total label={t.visitors} value={range.visitors} tone="visitors">
          {t.visitorsHint}
        </Total>
        <Total label={t.bots} value={range.bots} tone="bots" />
      </dl>
      <p class="summary">{summary}</p>
      <Chart range={range} summary={summary} />
      <details class="details">
        <summary>{t.asTable}</summary>
        <Table
          caption={t.chart}
          layout="is-numbers"
          rows={range.series}
          keyOf={({ start }) => start}
          columns={[
            {
              id: 'start',
              label: t.columnStart,
              isHead: true,
              render: ({ start }) => bucketLabel(start, range)
            },
            {
              id: 'people',
              label: t.people,
              align: 'end',
              render: ({ clicks, bots }) => formatNumber(clicks - bots)
            },
            { id: 'bots', label: t.bots, align: 'end', render: ({ bots }) => formatNumber(bots) },
            ...(hasVisitors
              ? [
                  {
                    id: 'visitors',
                    label: t.visitors,
                    align: 'end' as const,
                    render: ({ visitors = 0 }: Range['series'][number]) => formatNumber(visitors)
                  }
                ]
              : [])
          ]}
        />
      </details>
    </section>
  )
}

interface TotalProps {
  label: string
  value: number | null
  tone: string
  children?: ComponentChildren
}

/** A count; null where the range has none, as visitors of hours. */
function Total({ label, value, tone, children }: TotalProps) {
  return (
    <div>
      <dt class={`soft ${tone}`}>{label}</dt>
      <dd class="total number">{value === null ? '–' : formatNumber(value)}</dd>
      {children && <dd class="soft small">{children}</dd>}
    </div>
  )
}
