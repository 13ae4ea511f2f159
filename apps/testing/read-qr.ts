import jsQR from 'jsqr'
import { PNG } from 'pngjs'

/** Reads QR codes as a camera does, with decoders that share no code with the server's encoders. */

/** Returns the text of a PNG's code; undefined if it can not be read. Throws for an invalid image. */
export function readPng(bytes: Uint8Array): string | undefined {
  const { data, width, height } = PNG.sync.read(Buffer.from(bytes))
  return read(stretch(data), width, height)
}

/** Returns the text of an SVG's code, whose dark modules are rectangles in its last path. */
export function readSvg(text: string): string | undefined {
  const width = Number(/viewBox="0 0 (\d+) /.exec(text)?.[1])
  const path = /<path[^>]* d="([^"]*)"\/><\/svg>$/.exec(text)?.[1] ?? ''
  const scale = 4
  const side = width * scale
  const data = new Uint8ClampedArray(side * side * 4).fill(255)
  for (const [, x, y, run] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\3z/g))
    for (let line = 0; line < scale; line++) {
      const start = ((Number(y) * scale + line) * side + Number(x) * scale) * 4
      data.fill(0, start, start + Number(run) * scale * 4)
    }
  return read(data, side, side)
}

function read(data: Uint8ClampedArray, width: number, height: number): string | undefined {
  return jsQR.default(data, width, height, { inversionAttempts: 'dontInvert' })?.data
}

/** Makes the darkest pixel black and the lightest white, as the exposure of a camera does. */
function stretch(data: Uint8Array): Uint8ClampedArray {
  const brightnessAt = (at: number) =>
    0.2126 * (data[at] ?? 0) + 0.7152 * (data[at + 1] ?? 0) + 0.0722 * (data[at + 2] ?? 0)
  let [darkest, lightest] = [255, 0]
  for (let at = 0; at < data.length; at += 4) {
    darkest = Math.min(darkest, brightnessAt(at))
    lightest = Math.max(lightest, brightnessAt(at))
  }
  const result = new Uint8ClampedArray(data)
  for (let at = 0; at < data.length; at += 4)
    result.fill((255 * (brightnessAt(at) - darkest)) / (lightest - darkest), at, at + 3)
  return result
}
