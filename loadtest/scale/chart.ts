import { COLOURS, label, line, picture } from '#loadtest/svg.ts'
import type { Point } from './measure.ts'

const [WIDTH, HEIGHT, LEFT, TOP] = [560, 320, 70, 56]

/** Draws the p95 of each operation over the size, both axes logarithmic. */
export function drawScale(points: Point[]): string {
  const sizes = [...new Set(points.map(({ size }) => size))].sort((one, other) => one - other)
  const names = [...new Map(points.map(({ operation, title }) => [operation, title]))]
  const powers = points.map(({ p95 }) => Math.log10(Math.max(p95, 0.01)))
  const [low, high] = [Math.floor(Math.min(...powers)), Math.ceil(Math.max(...powers))]
  const x = (size: number) => LEFT + (sizes.indexOf(size) / Math.max(1, sizes.length - 1)) * WIDTH
  const y = (ms: number) => TOP + HEIGHT - ((Math.log10(Math.max(ms, 0.01)) - low) / (high - low)) * HEIGHT
  const parts: string[] = []
  for (let power = low; power <= high; power++) {
    const at = y(10 ** power)
    parts.push(`<path d="M${LEFT} ${at}h${WIDTH}" stroke="#d8dee4"/>`)
    parts.push(label(LEFT - 8, at + 4, `${10 ** power} ms`, { anchor: 'end', size: 11 }))
  }
  for (const size of sizes) {
    parts.push(label(x(size), TOP + HEIGHT + 20, size.toLocaleString('en'), { anchor: 'middle', size: 11 }))
  }
  for (const [index, [name, title]] of names.entries()) {
    const colour = COLOURS[index % COLOURS.length] ?? ''
    const own = points.filter(({ operation }) => operation === name)
    parts.push(
      line(
        own.map(({ size, p95 }) => [x(size), y(p95)]),
        colour
      )
    )
    parts.push(label(LEFT + WIDTH + 20, TOP + 12 + index * 20, title, { colour }))
  }
  return picture(860, TOP + HEIGHT + 36, 'p95 by links and clicks in the database, 10 connections', parts)
}
