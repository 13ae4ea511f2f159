import fc from 'fast-check'
import { PNG } from 'pngjs'
import t from 'tap'
import { QR_LEVELS, type Rgb, refuseColors, toScanUrl } from '#schema/shapes/qr-drawing.ts'
import { readPng, readSvg } from '#testing/read-qr.ts'
import { draw, type QrStyle, readStyle } from './drawing.ts'

const byte = fc.integer({ min: 0, max: 255 })
const rgb = fc.tuple(byte, byte, byte) as fc.Arbitrary<Rgb>

/** Any code that the server draws and a camera can see: 3 pixels a module. */
const drawing = fc.record({
  code: fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/),
  base: fc.constantFrom(
    'https://a.io',
    'https://links.example.com/go',
    `http://${'host.'.repeat(30)}example:8080`
  ),
  level: fc.constantFrom(...QR_LEVELS),
  margin: fc.integer({ min: 0, max: 16 }),
  size: fc.integer({ min: 400, max: 500 }),
  colors: fc.tuple(rgb, rgb).filter(([color, background]) => refuseColors(color, background) === null)
})

t.test('a decoder reads every code that the server draws', async (t) => {
  const unread: unknown[] = []
  await fc.assert(
    fc.asyncProperty(drawing, async ({ code, base, colors: [color, background], ...rest }) => {
      const style: QrStyle = { ...rest, color, background }
      const url = toScanUrl(`${base}/${code}`)
      const png = readPng((await draw(url, style, 'png')) as Buffer)
      const svg = readSvg((await draw(url, style, 'svg')) as string)
      if (png !== url || svg !== url) unread.push({ url, style, png, svg })
    }),
    { numRuns: 50 }
  )
  t.same(unread, [])
})

t.test('an image has exactly the size and the colours of its style', async (t) => {
  const [color, background]: Rgb[] = [
    [27, 47, 77],
    [255, 240, 230]
  ] as [Rgb, Rgb]
  const style = { size: 301, margin: 2, level: 'Q', color, background } as QrStyle
  const { width, height, data } = PNG.sync.read((await draw('https://a.io/x?qr=1', style, 'png')) as Buffer)
  t.same([width, height], [301, 301])
  const pixels = new Set(
    Array.from({ length: width * height }, (_, at) => data.subarray(at * 4, at * 4 + 4).join())
  )
  t.same([...pixels].sort(), ['255,240,230,255', '27,47,77,255'])
  t.equal(data.subarray(0, 3).join(), background?.join(), 'the quiet zone is background')
})

t.test('colours that cameras can not read are refused', async (t) => {
  const refusals = [
    [{ color: '#fff', background: '#000' }, /color must be darker than background/],
    [{ color: '999', background: 'fff' }, /color must have a contrast of at least 3:1/],
    [{ color: '123456', background: '123456' }, /darker/]
  ] as const
  for (const [query, message] of refusals) t.throws(() => readStyle(query), { message })
  t.match(readStyle({ color: '#949494' }), { color: [148, 148, 148], background: [255, 255, 255] })
})
