import { promisify } from 'node:util'
import { crc32, deflate } from 'node:zlib'
import type { Rgb } from '#schema/shapes/qr-drawing.ts'

/**
 * PNG images of two colours (PNG, third edition). One bit a pixel: 2,048 × 2,048 pixels take 0.5 MiB, where a
 * general encoder needs 16 MiB and blocks the event loop.
 */

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

const compress = promisify(deflate)

/**
 * Returns a square image of `size` pixels. Modules have whole pixels, and the pixels that are left over are
 * background. Requires `size` ≥ the number of modules in a line.
 */
export async function toPng(
  modules: readonly (readonly boolean[])[],
  { size, color, background }: { size: number; color: Rgb; background: Rgb }
): Promise<Buffer> {
  const scale = Math.floor(size / modules.length)
  const offset = Math.floor((size - scale * modules.length) / 2)
  const lineBytes = 1 + Math.ceil(size / 8)
  // Each line begins with its filter, 0 for none.
  const lines = Buffer.alloc(size * lineBytes)
  modules.forEach((module, y) => {
    const line = lines.subarray((offset + y * scale) * lineBytes).subarray(0, lineBytes)
    module.forEach((isDark, x) => {
      for (let at = offset + x * scale; isDark && at < offset + (x + 1) * scale; at++)
        line[1 + (at >> 3)] = (line[1 + (at >> 3)] ?? 0) | (0x80 >> (at & 7))
    })
    for (let copy = 1; copy < scale; copy++) line.copy(lines, (offset + y * scale + copy) * lineBytes)
  })
  const header = Buffer.alloc(13)
  header.writeUInt32BE(size, 0)
  header.writeUInt32BE(size, 4)
  // One bit a pixel, an index into the palette.
  header.set([1, 3], 8)
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('PLTE', Buffer.from([...background, ...color])),
    chunk('IDAT', await compress(lines)),
    chunk('IEND', Buffer.alloc(0))
  ])
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const check = Buffer.alloc(4)
  check.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, check])
}
