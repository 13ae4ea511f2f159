import { constants } from 'node:zlib'
import { PNG } from 'pngjs'

/**
 * Draws the mark of `apps/dashboard/mark.svg` as PNG, for browsers that install the dashboard. The mark is a
 * square with round corners and a path of straight lines, so no renderer of SVG is needed.
 */

interface Mark {
  /** Width and height of the drawing. */
  size: number
  radius: number
  ground: Colour
  ink: Colour
  /** Half of the width of the lines. */
  half: number
  lines: Line[]
}

type Colour = readonly [red: number, green: number, blue: number]
type Line = readonly [x1: number, y1: number, x2: number, y2: number]

/** Part of the width that every shape of a maskable icon shows (W3C manifest, section 1.8.2). */
const SAFE = 0.8

/** Reads the mark. Throws if the drawing has more than this script draws. */
export function readMark(svg: string): Mark {
  const read = (pattern: RegExp) => {
    const value = pattern.exec(svg)?.[1]
    if (value === undefined) throw new Error(`mark.svg has no ${pattern}`)
    return value
  }
  const path = read(/ d="([^"]+)"/)
  if (!/^(?:[ML][\d.]+ [\d.]+)+$/.test(path)) throw new Error('the path of mark.svg is not of M and L only')
  const lines: Line[] = []
  let [x, y] = [0, 0]
  for (const [, kind, toX, toY] of path.matchAll(/([ML])([\d.]+) ([\d.]+)/g)) {
    if (kind === 'L') lines.push([x, y, Number(toX), Number(toY)])
    ;[x, y] = [Number(toX), Number(toY)]
  }
  return {
    size: Number(read(/viewBox="0 0 (\d+) /)),
    radius: Number(read(/ rx="([\d.]+)"/)),
    ground: readColour(read(/<rect[^>]* fill="#(\w+)"/)),
    ink: readColour(read(/ stroke="#(\w+)"/)),
    half: Number(read(/ stroke-width="([\d.]+)"/)) / 2,
    lines
  }
}

function readColour(hex: string): Colour {
  const digits = hex.length === 3 ? [...hex].map((digit) => digit + digit).join('') : hex
  const [red = 0, green = 0, blue = 0] = Buffer.from(digits, 'hex')
  return [red, green, blue]
}

/** Draws a PNG of `width` pixels. A maskable one fills its square: the system cuts the shape. */
export function drawIcon(mark: Mark, width: number, isMaskable: boolean): Buffer {
  const pixel = mark.size / width / (isMaskable ? SAFE : 1)
  const image = new PNG({ width, height: width })
  for (let row = 0; row < width; row++)
    for (let column = 0; column < width; column++) {
      const x = mark.size / 2 + (column + 0.5 - width / 2) * pixel
      const y = mark.size / 2 + (row + 0.5 - width / 2) * pixel
      const ink = cover(distanceToLines(mark, x, y) - mark.half, pixel)
      const alpha = isMaskable ? 1 : cover(distanceToSquare(mark, x, y), pixel)
      const mix = (index: 0 | 1 | 2) => Math.round(mark.ground[index] * (1 - ink) + mark.ink[index] * ink)
      image.data.set([mix(0), mix(1), mix(2), Math.round(alpha * 255)], (row * width + column) * 4)
    }
  return PNG.sync.write(image, { filterType: 0, deflateStrategy: constants.Z_DEFAULT_STRATEGY })
}

/** The part of a pixel inside a shape whose edge is `distance` away; negative inside. */
const cover = (distance: number, pixel: number) => Math.min(1, Math.max(0, 0.5 - distance / pixel))

function distanceToLines({ lines }: Mark, x: number, y: number): number {
  const distances = lines.map(([x1, y1, x2, y2]) => {
    const [dx, dy] = [x2 - x1, y2 - y1]
    const along = Math.min(1, Math.max(0, ((x - x1) * dx + (y - y1) * dy) / (dx * dx + dy * dy)))
    return Math.hypot(x - x1 - along * dx, y - y1 - along * dy)
  })
  return Math.min(...distances)
}

function distanceToSquare({ size, radius }: Mark, x: number, y: number): number {
  const [dx, dy] = [x, y].map((value) => Math.abs(value - size / 2) - size / 2 + radius) as [number, number]
  return Math.hypot(Math.max(dx, 0), Math.max(dy, 0)) + Math.min(Math.max(dx, dy), 0) - radius
}
