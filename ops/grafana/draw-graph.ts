import { scaleLinear } from 'd3-scale'
import { area, curveMonotoneX, line } from 'd3-shape'
import { COLOURS, label } from '#loadtest/svg.ts'
import type { Panel } from './board.ts'
import { format, scaleOf } from './units.ts'

/** Draws curves over time as SVG, with axes, the panel's threshold, marks and a legend. */

/** A series with the name that its panel gives it. */
export interface Curve {
  name: string
  /** Minutes since the start of the picture, and the value. */
  points: [minutes: number, value: number][]
}

/** An event during the picture: a line through all graphs. */
export interface Mark {
  minutes: number
  text: string
}

export interface Span {
  /** The length of the picture in minutes. */
  minutes: number
  /** Minutes between two points; a longer gap breaks the curve. */
  step: number
  marks: Mark[]
}

/** The area of a graph. */
export interface Box {
  left: number
  right: number
  top: number
  bottom: number
}

export const [GREY, INK, RED] = ['#57606a', '#24292f', '#c4483f']
const [GRID, MARK] = ['#e4e8ec', '#8250df']
/** Space for the values beside the graph, for the minutes below it, and for a row of the legend. */
const [AXIS, MINUTES, ROW] = [46, 22, 15]

/** Draws the graph of `curves` in `box`, with its legend. */
export function drawGraph({ unit, bad }: Panel, curves: Curve[], span: Span, box: Box): string[] {
  const values = curves.flatMap(({ points }) => points.map(([, value]) => value)).filter(Number.isFinite)
  const most = Math.max(0, ...values)
  // A distant threshold would flatten the curves, so it is drawn only if they come near it.
  const isNear = bad !== undefined && most > bad / 3
  const { factor, suffix } = scaleOf(unit, Math.max(most, isNear ? bad : 0))
  const legend = layOutLegend(curves, unit, box)
  // The label of the last minute is centred below its place.
  const [left, right, bottom] = [box.left + AXIS, box.right - 14, box.bottom - legend.rows * ROW - MINUTES]
  const x = scaleLinear([0, span.minutes], [left, right])
  const y = scaleLinear([0, Math.max(most, isNear ? bad : 0) / factor || 1], [bottom, box.top])
    .nice(4)
    .clamp(true)
  const across = (value: number, colour: string, dashes: string) => {
    const at = Math.round(y(value)) + 0.5
    return `<line x1="${left}" x2="${right}" y1="${at}" y2="${at}" stroke="${colour}" stroke-dasharray="${dashes}"/>`
  }
  return [
    ...y.ticks(4).flatMap((tick) => {
      const text = `${Number(tick.toPrecision(6))}${suffix}`
      return [
        across(tick, GRID, 'none'),
        label(left - 6, Math.round(y(tick)) + 4, text, { size: 11, anchor: 'end', colour: GREY })
      ]
    }),
    ...x
      .ticks(Math.min(span.minutes, 6))
      .filter(Number.isInteger)
      .map((tick) =>
        label(x(tick), bottom + 16, `${tick} min`, { size: 11, anchor: 'middle', colour: GREY })
      ),
    ...span.marks.map(({ minutes }) => {
      const at = Math.round(x(minutes)) + 0.5
      return `<line x1="${at}" x2="${at}" y1="${box.top}" y2="${bottom}" stroke="${MARK}" stroke-dasharray="2 3"/>`
    }),
    ...drawCurves(curves, span.step, x, (value) => y(value / factor)),
    ...(isNear ? [across(bad / factor, RED, '6 4')] : []),
    ...legend.parts
  ]
}

function drawCurves(
  curves: Curve[],
  step: number,
  x: (minutes: number) => number,
  y: (value: number) => number
): string[] {
  const isThere = ([, value]: [number, number]) => Number.isFinite(value)
  const draw = line<[number, number]>(
    ([minutes]) => x(minutes),
    ([, value]) => y(value)
  )
  const fill = area<[number, number]>(
    ([minutes]) => x(minutes),
    y(0),
    ([, value]) => y(value)
  )
  for (const shape of [draw, fill]) shape.defined(isThere).curve(curveMonotoneX).digits(1)
  const isFilled = curves.length <= 2
  return curves.flatMap(({ points }, at) => {
    const whole = breakGaps(points, step)
    const colour = colourOf(at)
    return [
      ...(isFilled ? [`<path d="${fill(whole)}" fill="${colour}" fill-opacity="0.12"/>`] : []),
      `<path d="${draw(whole)}" fill="none" stroke="${colour}" stroke-width="1.6" stroke-linejoin="round"/>`
    ]
  })
}

/** The names with their last values, in as many rows as needed, at the bottom of the box. */
function layOutLegend(curves: Curve[], unit: string, box: Box): { rows: number; parts: string[] } {
  let [left, row] = [box.left, 0]
  const places = curves.map(({ name, points }, at) => {
    const value = points.findLast(([, one]) => Number.isFinite(one))?.[1]
    const text = `${name} ${value === undefined ? '' : format(value, unit)}`
    const width = 26 + text.length * 5.9
    if (left + width > box.right + 12 && left > box.left) [left, row] = [box.left, row + 1]
    left += width
    return { x: left - width, row, text, colour: colourOf(at) }
  })
  const rows = row + 1
  const parts = places.flatMap(({ x, row, text, colour }) => {
    const y = box.bottom - (rows - 1 - row) * ROW
    return [
      `<rect x="${Math.round(x)}" y="${y - 5}" width="10" height="3" rx="1" fill="${colour}"/>`,
      label(x + 14, y, text, { size: 11, colour: INK })
    ]
  })
  return { rows, parts }
}

function colourOf(at: number): string {
  return COLOURS[at % COLOURS.length] ?? GREY
}

/** The points, with a NaN where some are missing. */
function breakGaps(points: Curve['points'], step: number): Curve['points'] {
  return points.flatMap((point, at) => {
    const before = points[at - 1]
    return before && point[0] - before[0] > 1.5 * step ? [[before[0] + step, Number.NaN], point] : [point]
  })
}
