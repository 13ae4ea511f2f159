import { createHash } from 'node:crypto'

/** How pages for visitors look like those of an organization. */
export interface Brand {
  name: string | undefined
  /** As `#rrggbb`. */
  color: string | undefined
  logo: Logo | undefined
}

export interface Logo {
  type: 'image/png' | 'image/svg+xml'
  content: Buffer
}

/** A logo is small, because each page shows it. */
export const MAX_LOGO_BYTES = 262_144

const PNG = Buffer.from('89504e470d0a1a0a', 'hex')

/** Returns the logo that a file holds, or null if the content is neither PNG nor SVG. */
export function readLogo(content: Buffer): Logo | null {
  if (content.subarray(0, PNG.length).equals(PNG)) return { type: 'image/png', content }
  const isSvg = /^\uFEFF?\s*(<\?xml[^>]*>\s*|<!--.*?-->\s*|<!DOCTYPE svg[^>]*>\s*)*<svg[\s/>]/s.test(
    content.toString()
  )
  return isSvg ? { type: 'image/svg+xml', content } : null
}

/** The path of a logo. It changes with the content, so browsers may keep the file for ever. */
export function logoPath({ type, content }: Logo): string {
  const hash = createHash('sha256').update(content).digest('base64url').slice(0, 16)
  return `/assets/logo-${hash}.${type === 'image/png' ? 'png' : 'svg'}`
}

/** Returns black or white, whichever has the higher contrast on `color`: at least 4.58 on any. */
export function textColorOn(color: string): '#000' | '#fff' {
  // Both contrasts are equal at this luminance (WCAG 2.2, contrast ratio).
  return luminanceOf(color) > Math.sqrt(1.05 * 0.05) - 0.05 ? '#000' : '#fff'
}

/** The relative luminance of `#rrggbb` (WCAG 2.2). */
function luminanceOf(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(color.slice(at, at + 2), 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
