/** The SVG elements of the charts. Colours keep their contrast on light and dark pages. */
export const COLOURS = [
  '#2f7ed8',
  '#e8833a',
  '#7a7f87',
  '#3a9d5d',
  '#b35fb8',
  '#c4483f',
  '#1f8a8a',
  '#8a6d1f'
]

export interface Bar {
  label: string
  /** The value and its text. */
  value: number
  text: string
  colour: string
}

/** Returns a picture of `width` by `height` pixels around `parts`. */
export function picture(width: number, height: number, title: string, parts: string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${encode(title)}" font-family="system-ui, sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#ffffff"/>
${label(16, 24, title, { size: 15, weight: 600 })}
${parts.join('\n')}
</svg>
`
}

export interface LabelOptions {
  size?: number
  weight?: number
  anchor?: 'start' | 'middle' | 'end'
  colour?: string
}

/** Returns a text whose baseline starts, is centred or ends at (x, y). */
export function label(x: number, y: number, text: string, options: LabelOptions = {}): string {
  const { size = 12, weight = 400, anchor = 'start', colour = '#24292f' } = options
  return `<text x="${fix(x)}" y="${fix(y)}" font-size="${size}" font-weight="${weight}" text-anchor="${anchor}" fill="${colour}">${encode(text)}</text>`
}

/** Returns horizontal bars, one below the other, with lengths relative to `most`. */
export function bars(x: number, y: number, width: number, most: number, list: Bar[]): string {
  return list
    .map((bar, index) => {
      const top = y + index * 18
      const length = Math.max(1, (bar.value / most) * width)
      return [
        label(x - 8, top + 11, bar.label, { anchor: 'end', size: 11, colour: '#57606a' }),
        `<rect x="${fix(x)}" y="${fix(top)}" width="${fix(length)}" height="14" rx="2" fill="${bar.colour}"/>`,
        label(x + length + 6, top + 11, bar.text, { size: 11 })
      ].join('')
    })
    .join('\n')
}

/** Returns a line through points with a dot at each. */
export function line(points: [x: number, y: number][], colour: string): string {
  const path = points.map(([x, y]) => `${fix(x)},${fix(y)}`).join(' ')
  const dots = points
    .map(([x, y]) => `<circle cx="${fix(x)}" cy="${fix(y)}" r="3" fill="${colour}"/>`)
    .join('')
  return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>${dots}`
}

function fix(value: number): string {
  return `${Math.round(value * 10) / 10}`
}

function encode(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;')
}
