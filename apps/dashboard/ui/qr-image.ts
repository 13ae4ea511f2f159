import { encode } from 'uqr'
import {
  parseColor,
  QR_COLORS,
  type QrLevel,
  type Rgb,
  toPath,
  toScanUrl
} from '#schema/shapes/qr-drawing.ts'

/** The choices of the designer. */
export interface QrStyle {
  size: number
  margin: number
  level: QrLevel
  color: string
  background: string
}

export const INITIAL: QrStyle = { size: 1_024, margin: 4, level: 'M', ...QR_COLORS }

/** The modules of the code of a short URL, with the margin. */
export function encodeLink(shortUrl: string, { level, margin }: QrStyle): boolean[][] {
  return encode(toScanUrl(shortUrl), { ecc: level, border: margin }).data
}

/** The colours of a style; a picker gives valid ones only. */
export function colorsOf({ color, background }: QrStyle): { color: Rgb; background: Rgb } {
  return { color: parseColor(color) ?? [0, 0, 0], background: parseColor(background) ?? [255, 255, 255] }
}

/** Draws a PNG with whole pixels for each module, as the server does. */
export async function toPng(modules: boolean[][], { size, color, background }: QrStyle): Promise<Blob> {
  const canvas = document.createElement('canvas')
  canvas.width = size
  canvas.height = size
  const context = canvas.getContext('2d')
  const scale = Math.floor(size / modules.length)
  const offset = Math.floor((size - scale * modules.length) / 2)
  if (context) {
    context.fillStyle = background
    context.fillRect(0, 0, size, size)
    context.translate(offset, offset)
    context.scale(scale, scale)
    context.fillStyle = color
    context.fill(new Path2D(toPath(modules)))
  }
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('The browser draws no PNG'))))
  })
}
