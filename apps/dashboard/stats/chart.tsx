import { scaleBand, scaleLinear } from 'd3-scale'
import { curveMonotoneX, line } from 'd3-shape'
import { useEffect, useRef, useState } from 'preact/hooks'
import { formatNumber, formatShort } from '#dashboard/core/format.ts'
import { text } from '#dashboard/core/language.ts'
import { bucketLabel, type Range } from './series.ts'

const HEIGHT = 260
const EDGE = { top: 12, right: 4, bottom: 26, left: 44 }
/** Room of a label on the time axis. */
const LABEL = 76
/** Width of a bar from which the line has an edge; it would cover narrower ones. */
const HALO_FROM = 6
/** Between a bar's middle and its numbers. */
const GAP = 14
const TIP = { width: 156, line: 20, pad: 12 }

/** Clicks of people and bots as bars, and visitors as a line. The sentence beside it is its name. */
export function Chart({ range, summary }: { range: Range; summary: string }) {
  const t = text.value.stats
  const [frame, width] = useWidth()
  const [active, setActive] = useState<number | null>(null)
  const { series } = range
  const starts = series.map(({ start }) => start)
  const x = scaleBand(starts, [EDGE.left, Math.max(width - EDGE.right, EDGE.left + 1)])
    .paddingInner(0.25)
    .paddingOuter(0.1)
  const most = Math.max(4, ...series.map(({ clicks, visitors = 0 }) => Math.max(clicks, visitors)))
  const y = scaleLinear([0, most], [HEIGHT - EDGE.bottom, EDGE.top]).nice(4)
  const ticks = y.ticks(4).filter(Number.isInteger)
  const every = Math.max(1, Math.ceil((series.length * LABEL) / Math.max(width - EDGE.left, 1)))
  const middle = (start: string) => (x(start) ?? 0) + x.bandwidth() / 2
  const hasVisitors = series.some(({ visitors }) => visitors !== undefined)
  const visitors = line<Range['series'][number]>(
    ({ start }) => middle(start),
    ({ visitors = 0 }) => y(visitors)
  ).curve(curveMonotoneX)
  const shown = active === null ? undefined : series[active]

  function onPoint(event: PointerEvent) {
    const { left } = (event.currentTarget as Element).getBoundingClientRect()
    const index = Math.floor((event.clientX - left - EDGE.left) / x.step())
    setActive(index >= 0 && index < series.length ? index : null)
  }

  return (
    <div ref={frame} class="chart">
      {width > 0 && (
        <svg
          role="img"
          aria-label={`${t.chart}. ${summary}`}
          width={width}
          height={HEIGHT}
          viewBox={`0 0 ${width} ${HEIGHT}`}
          onPointerMove={onPoint}
          onPointerLeave={() => setActive(null)}
        >
          {ticks.map((tick) => (
            <g key={tick}>
              <line class="chart-grid" x1={EDGE.left} x2={width - EDGE.right} y1={y(tick)} y2={y(tick)} />
              <text class="chart-label" x={EDGE.left - 10} y={y(tick)} dy="0.32em" text-anchor="end">
                {formatShort(tick)}
              </text>
            </g>
          ))}
          {shown && (
            <rect
              class="chart-active"
              x={(x(shown.start) ?? 0) - 2}
              width={x.bandwidth() + 4}
              y={EDGE.top}
              height={HEIGHT - EDGE.bottom - EDGE.top}
            />
          )}
          {series.map(({ start, clicks, bots }, index) => (
            <g key={start}>
              <Bar
                x={x(start) ?? 0}
                width={x.bandwidth()}
                top={y(clicks)}
                bottom={y(clicks - bots)}
                name="chart-bots"
              />
              <Bar
                x={x(start) ?? 0}
                width={x.bandwidth()}
                top={y(clicks - bots)}
                bottom={y(0)}
                name="chart-people"
              />
              {index % every === 0 && middle(start) <= width - LABEL / 4 && (
                <text class="chart-label" x={middle(start)} y={HEIGHT - 6} text-anchor="middle">
                  {bucketLabel(start, range)}
                </text>
              )}
            </g>
          ))}
          {hasVisitors && x.bandwidth() >= HALO_FROM && (
            <path class="chart-halo" d={visitors(series) ?? ''} />
          )}
          {hasVisitors && <path class="chart-visitors" d={visitors(series) ?? ''} />}
          {shown && (
            <Tip
              at={besides(middle(shown.start), width)}
              title={bucketLabel(shown.start, range)}
              rows={[
                [t.people, formatNumber(shown.clicks - shown.bots)],
                [t.bots, formatNumber(shown.bots)],
                ...(shown.visitors === undefined ? [] : [[t.visitors, formatNumber(shown.visitors)] as const])
              ]}
            />
          )}
        </svg>
      )}
    </div>
  )
}

function Bar({
  x,
  width,
  top,
  bottom,
  name
}: {
  x: number
  width: number
  top: number
  bottom: number
  name: string
}) {
  const height = bottom - top
  return height <= 0 ? null : (
    <rect class={name} x={x} width={width} y={top} height={height} rx={Math.min(2, width / 4)} />
  )
}

/** The place of the numbers: on the side of the bar that has more room. */
const besides = (middle: number, width: number) =>
  middle > width / 2 ? Math.max(middle - GAP - TIP.width, 0) : middle + GAP

/** The numbers under the pointer. The table has them for keyboards. */
function Tip({ at, title, rows }: { at: number; title: string; rows: (readonly [string, string])[] }) {
  const height = TIP.pad * 2 + TIP.line * (rows.length + 1) - 4
  return (
    <g class="chart-tip" transform={`translate(${at} ${EDGE.top})`}>
      <rect width={TIP.width} height={height} rx="8" />
      <text class="chart-tip-title" x={TIP.pad} y={TIP.pad + 11}>
        {title}
      </text>
      {rows.map(([label, value], index) => (
        <g key={label} transform={`translate(0 ${TIP.pad + 11 + TIP.line * (index + 1)})`}>
          <text x={TIP.pad}>{label}</text>
          <text x={TIP.width - TIP.pad} text-anchor="end">
            {value}
          </text>
        </g>
      ))}
    </g>
  )
}

/** The width of an element in pixels: the text of a chart keeps its size. */
function useWidth() {
  const element = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(0)
  useEffect(() => {
    const { current } = element
    if (!current) return
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)))
    observer.observe(current)
    return () => observer.disconnect()
  }, [])
  return [element, width] as const
}
