/** QR codes as drawings, for the server and the dashboard: squares of modules; true is a dark one. */

export const QR_LEVELS = ['L', 'M', 'Q', 'H'] as const
export type QrLevel = (typeof QR_LEVELS)[number]

/** Defaults and bounds. Sizes are in pixels. */
export const QR_SIZE = { minimum: 64, maximum: 2_048, default: 512 }
/** The quiet zone in modules; the default is that of ISO/IEC 18004. */
export const QR_MARGIN = { minimum: 0, maximum: 16, default: 4 }
export const QR_COLORS = { color: '#000000', background: '#ffffff' }

/** Cameras lose the modules below this contrast (WCAG 2.2, contrast ratio). */
const MIN_CONTRAST = 3

/** The query parameter of a code's URL. Visits with it are scans; redirects do not forward it. */
export const SCAN_MARK = 'qr=1'

/** Returns the URL that the code of a link encodes. */
export function toScanUrl(shortUrl: string): string {
  return `${shortUrl}?${SCAN_MARK}`
}

export type Rgb = [red: number, green: number, blue: number]

/** Parses `#1b2f4d`, `1b2f4d`, `#fff` or `fff`; null for any other text. */
export function parseColor(text: string): Rgb | null {
  const [, digits = ''] = /^#?([0-9a-f]{6}|[0-9a-f]{3})$/i.exec(text) ?? []
  if (digits === '') return null
  const width = digits.length / 3
  const [red = 0, green = 0, blue = 0] = [0, 1, 2].map((at) =>
    Number.parseInt(digits.slice(at * width, (at + 1) * width).repeat(3 - width), 16)
  )
  return [red, green, blue]
}

/** Returns why cameras can not read these colours: the end of a sentence that begins with the dark one. */
export function refuseColors(color: Rgb, background: Rgb): 'inverted' | 'faint' | null {
  const [dark, light] = [luminanceOf(color), luminanceOf(background)]
  if (dark >= light) return 'inverted'
  return (light + 0.05) / (dark + 0.05) < MIN_CONTRAST ? 'faint' : null
}

/** The relative luminance of WCAG 2.2. */
function luminanceOf(color: Rgb): number {
  const [red = 0, green = 0, blue = 0] = color.map((value) => {
    const part = value / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/** Returns the dark modules as the data of an SVG path, one rectangle for each run of them. */
export function toPath(modules: readonly (readonly boolean[])[]): string {
  return modules
    .flatMap((line, y) => {
      const text = line.map((isDark) => (isDark ? '1' : '0')).join('')
      return [...text.matchAll(/1+/g)].map(
        ({ 0: { length }, index }) => `M${index} ${y}h${length}v1h-${length}z`
      )
    })
    .join('')
}

/** Returns an SVG document. The colours are those of {@link parseColor}. */
export function toSvg(
  modules: readonly (readonly boolean[])[],
  { size, color, background }: { size: number; color: Rgb; background: Rgb }
): string {
  const width = modules.length
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}" viewBox="0 0 ${width} ${width}"`,
    ` shape-rendering="crispEdges"><path fill="rgb(${background})" d="M0 0h${width}v${width}H0z"/>`,
    `<path fill="rgb(${color})" d="${toPath(modules)}"/></svg>`
  ].join('')
}
