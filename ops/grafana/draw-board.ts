import { label, picture } from '#loadtest/svg.ts'
import type { Board, Panel } from './board.ts'
import { type Box, type Curve, drawGraph, GREY, INK, RED, type Span } from './draw-graph.ts'
import { format } from './units.ts'

/** Draws a dashboard as one SVG, with all panels in their Grafana layout. */

const COLUMNS = 3
const GAP = 12
const HEAD = 78
const [WIDTH, HEIGHT] = [400, 272]
const BOX: Box = { left: 16, right: WIDTH - 16, top: 80, bottom: HEIGHT - 14 }
const GREEN = '#2e8b57'

/** Draws `board`; `read` returns the curves of a panel. */
export function drawBoard(board: Board, span: Span, read: (panel: Panel) => Curve[]): string {
  const rows = Math.ceil(board.panels.length / COLUMNS)
  const marks = span.marks.map(({ minutes, text }) => `${text} (after ${minutes} min)`).join(', ')
  return picture(COLUMNS * (WIDTH + GAP) + GAP, HEAD + rows * (HEIGHT + GAP), board.title, [
    label(16, 45, board.description, { size: 13, colour: GREY }),
    ...(marks ? [label(16, 65, `Dotted: ${marks}`, { colour: '#8250df' })] : []),
    ...board.panels.map((panel, at) => {
      const x = GAP + (at % COLUMNS) * (WIDTH + GAP)
      const y = HEAD + Math.floor(at / COLUMNS) * (HEIGHT + GAP)
      return `<g transform="translate(${x} ${y})">\n${drawPanel(panel, read(panel), span)}\n</g>`
    })
  ])
}

function drawPanel(panel: Panel, curves: Curve[], span: Span): string {
  const { title, description, unit, bad, isBadBelow, isNumber } = panel
  const threshold = bad !== undefined && `bad ${isBadBelow ? 'below' : 'from'} ${format(bad, unit)}`
  return [
    `<rect x="0.5" y="0.5" width="${WIDTH - 1}" height="${HEIGHT - 1}" rx="6" fill="none" stroke="#d0d7de"/>`,
    label(BOX.left, 26, title, { size: 14, weight: 600 }),
    ...(threshold ? [label(BOX.right, 26, threshold, { size: 11, anchor: 'end', colour: RED })] : []),
    ...wrap(description, 64).map((row, at) => label(BOX.left, 44 + at * 14, row, { size: 11, colour: GREY })),
    ...(curves.length === 0
      ? [
          label((BOX.left + BOX.right) / 2, (BOX.top + BOX.bottom) / 2, 'no data', {
            anchor: 'middle',
            colour: GREY
          })
        ]
      : isNumber
        ? drawNumbers(panel, curves)
        : drawGraph(panel, curves, span, BOX))
  ].join('\n')
}

/** The last value of each curve, large, side by side. */
function drawNumbers({ unit, bad, isBadBelow }: Panel, curves: Curve[]): string[] {
  const width = (BOX.right - BOX.left) / curves.length
  const numbers = curves.map(({ name, points }) => ({ name, value: points.at(-1)?.[1] ?? Number.NaN }))
  const texts = numbers.map(({ value }) => (Number.isNaN(value) ? 'no data' : format(value, unit)))
  const size = Math.min(52, (width - 12) / (0.62 * Math.max(...texts.map(({ length }) => length))))
  const y = (BOX.top + BOX.bottom) / 2
  return numbers.flatMap(({ name, value }, at) => {
    const isBad = bad !== undefined && (isBadBelow ? value < bad : value >= bad)
    const x = BOX.left + (at + 0.5) * width
    const colour = bad === undefined ? INK : isBad ? RED : GREEN
    return [
      label(x, y, texts[at] ?? '', { size: Math.round(size), weight: 600, anchor: 'middle', colour }),
      label(x, y + 24, name, { anchor: 'middle', colour: GREY })
    ]
  })
}

/** Breaks the text into lines of at most `letters` letters. */
function wrap(text: string, letters: number): string[] {
  const rows = ['']
  for (const word of text.split(' ')) {
    const row = rows.at(-1) ?? ''
    if (row && row.length + 1 + word.length > letters) rows.push(word)
    else rows[rows.length - 1] = row ? `${row} ${word}` : word
  }
  return rows
}
