import { encode } from 'uqr'
import type { QrQuery } from '#schema/shapes/qr.ts'
import {
  parseColor,
  QR_COLORS,
  QR_MARGIN,
  QR_SIZE,
  type QrLevel,
  type Rgb,
  refuseColors,
  toSvg
} from '#schema/shapes/qr-drawing.ts'
import { parameterRefused, tooLong } from './errors.ts'
import { toPng } from './png.ts'

/** How a code looks. */
export interface QrStyle {
  size: number
  margin: number
  level: QrLevel
  color: Rgb
  background: Rgb
}

/** Longest URL, in bytes: cameras read no larger codes from paper, and the encoder takes milliseconds. */
const MAX_BYTES = 512

/** Reads a valid query. Throws INPUT_INVALID for colours that cameras can not read. */
export function readStyle(query: Omit<QrQuery, 'format'>): QrStyle {
  const { size = QR_SIZE.default, margin = QR_MARGIN.default, error_correction: level = 'M' } = query
  const color = readColor('color', query.color ?? QR_COLORS.color)
  const background = readColor('background', query.background ?? QR_COLORS.background)
  const refusal = refuseColors(color, background)
  if (refusal === 'inverted') throw parameterRefused('color', 'must be darker than background')
  if (refusal === 'faint')
    throw parameterRefused('color', 'must have a contrast of at least 3:1 to background')
  return { size, margin, level, color, background }
}

/** The schema has refused other texts. */
function readColor(path: string, text: string): Rgb {
  const color = parseColor(text)
  if (color === null) throw parameterRefused(path, 'must be 3 or 6 hexadecimal digits')
  return color
}

/** Draws the code of `url`. Throws QR_TOO_LONG, or INPUT_INVALID if a module is less than a pixel. */
export async function draw(url: string, style: QrStyle, format: 'svg' | 'png'): Promise<string | Buffer> {
  if (Buffer.byteLength(url) > MAX_BYTES) throw tooLong(MAX_BYTES)
  const { data } = encode(url, { ecc: style.level, border: style.margin })
  if (style.size < data.length)
    throw parameterRefused('size', `must be at least ${data.length}, one pixel a module`)
  return format === 'svg' ? toSvg(data, style) : toPng(data, style)
}
