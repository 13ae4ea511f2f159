import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ROOT, readText } from '#testing/sources.ts'
import type { Board, Panel } from './board.ts'
import { boards } from './boards.ts'
import { drawBoard } from './draw-board.ts'
import type { Curve } from './draw-graph.ts'
import { format, scaleOf } from './units.ts'

/** The pictures of the dashboards match their panels. */

t.test('the documents show a picture of each dashboard, with all its panels', async (t) => {
  const page = readText('docs/dashboards.md')
  for (const { uid, title, panels } of boards) {
    const path = `docs/dashboards/${uid}.svg`
    t.ok(existsSync(join(ROOT, path)), `${path}: else run make-pictures.ts`)
    t.ok(statSync(join(ROOT, path)).size < 200_000, `${path} is small`)
    t.match(page, `](dashboards/${uid}.svg)`)
    const svg = readText(path)
    for (const text of [title, ...panels.map((panel) => panel.title)])
      t.ok(svg.includes(`>${text}</text>`), `${path} shows ${text}: else run make-pictures.ts`)
    t.notMatch(svg, /no data|NaN|undefined|Infinity/, path)
  }
})

t.test('values are formatted in readable units', async (t) => {
  const said = {
    reqps: [
      [0, '0/s'],
      [0.25, '0.25/s'],
      [142.4, '142/s'],
      [12_345, '12.3k/s']
    ],
    s: [
      [0, '0 s'],
      [0.0000123, '12.3 µs'],
      [0.025, '25 ms'],
      [1.5, '1.5 s'],
      [90, '1.5 min']
    ],
    percentunit: [
      [0, '0 %'],
      [0.99990001, '99.99 %'],
      [1, '100 %'],
      [-0.5, '-50 %']
    ],
    bytes: [
      [0, '0 B'],
      [1_536, '1.5 KiB'],
      [402_653_184, '384 MiB'],
      [2 ** 31, '2 GiB']
    ],
    short: [
      [0, '0'],
      [3, '3'],
      [1_234_567, '1.23M']
    ]
  } as const
  for (const [unit, pairs] of Object.entries(said))
    for (const [value, text] of pairs) t.equal(format(value, unit), text, unit)
  t.throws(() => scaleOf('furlongs', 1), /furlongs/)
  for (const { unit } of boards.flatMap(({ panels }) => panels)) t.ok(scaleOf(unit, 1))
})

const panel: Panel = { title: 'Lag', description: 'How late it is', unit: 's', bad: 0.1, queries: [] }
const span = { minutes: 4, step: 1, marks: [{ minutes: 2, text: 'something happened' }] }

function draw(curves: Curve[], more: Partial<Panel> = {}): string {
  const board: Board = {
    uid: 'b',
    title: 'A <board>',
    description: 'for tests',
    panels: [{ ...panel, ...more }]
  }
  return drawBoard(board, span, () => curves)
}

t.test('a graph has axes, a threshold, marks, and a legend with the last values', async (t) => {
  const points: Curve['points'] = [
    [0, 0.05],
    [1, 0.08],
    [2, Number.NaN],
    [3, 0.06],
    [4, 0.075]
  ]
  const svg = draw([{ name: 'oldest', points }])
  for (const text of [
    'A &lt;board>',
    'How late it is',
    'bad from 100 ms',
    'oldest 75 ms',
    '60 ms',
    '0 min',
    '4 min'
  ])
    t.ok(svg.includes(`>${text}</text>`), text)
  t.match(svg, 'Dotted: something happened (after 2 min)')
  t.match(svg, /stroke="#c4483f" stroke-dasharray="6 4"/, 'the threshold, near the curve')
  const [, path = ''] = /<path d="([^"]+)" fill="none"/.exec(svg) ?? []
  t.equal(path.match(/M/g)?.length, 2, 'broken where a value is missing')
  t.notMatch(
    draw([{ name: 'far', points: [[0, 0.001]] }]),
    /stroke-dasharray="6 4"/,
    'far away it is only named'
  )
  t.equal(
    /d="([^"]+)" fill="none"/
      .exec(
        draw([
          {
            name: 'gap',
            points: [
              [0, 1],
              [1, 1],
              [3, 1],
              [4, 1]
            ]
          }
        ])
      )?.[1]
      ?.match(/M/g)?.length,
    2,
    'broken where a look is missing'
  )
})

t.test('many series get colours of their own, and the legend as many rows as it takes', async (t) => {
  const curves = Array.from(
    { length: 7 },
    (_, at): Curve => ({ name: `GET /a/long/route/${at}`, points: [[0, at]] })
  )
  const svg = draw(curves)
  const legend = [...svg.matchAll(/<rect [^>]*y="(\d+)" width="10" height="3"[^>]*fill="([^"]+)"/g)]
  t.equal(new Set(legend.map(([, , colour]) => colour)).size, 7)
  const rows = [...new Set(legend.map(([, y]) => Number(y)))]
  t.ok(rows.length >= 3 && rows.every((y) => y < 272), `${rows}`)
  t.notMatch(svg, 'fill-opacity', 'and nothing is filled, which would hide others')
})

t.test('numbers are large, and red where they are bad', async (t) => {
  const number = (value: number, more: Partial<Panel> = {}) =>
    draw(
      [
        {
          name: 'up',
          points: [
            [0, 9],
            [4, value]
          ]
        }
      ],
      { isNumber: true, unit: 'none', bad: 2, ...more }
    )
  t.match(number(1, { isBadBelow: true }), /fill="#c4483f">1<\/text>/)
  t.match(number(3, { isBadBelow: true }), /fill="#2e8b57">3<\/text>/)
  t.match(number(3), /fill="#c4483f">3<\/text>/)
})

t.test('a panel without data says so', async (t) => {
  for (const isNumber of [true, false]) t.match(draw([], { isNumber }), '>no data</text>')
})
