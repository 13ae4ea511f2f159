/** Texts of results: lines that fit, and sparklines. */

/** Returns `text` in one line of at most `width` characters. */
export function fitLine(text: string, width = Infinity): string {
  const chars = [...text.replace(/\s/g, ' ').trimEnd()]
  return chars.length <= width ? chars.join('') : `${chars.slice(0, Math.max(0, width - 1)).join('')}…`
}

const BARS = [...'▁▂▃▄▅▆▇█']

/**
 * Returns a bar for each count, in proportion to the greatest. More counts than `width` are added up in
 * groups. Only zero has the lowest bar.
 */
export function sparkline(counts: readonly number[], width: number): string {
  const size = Math.max(1, Math.ceil(counts.length / width))
  const groups = Array.from({ length: Math.ceil(counts.length / size) }, (_, index) =>
    counts.slice(index * size, (index + 1) * size).reduce((sum, count) => sum + count, 0)
  )
  const most = Math.max(1, ...groups)
  return groups.map((count) => BARS[Math.ceil((count / most) * (BARS.length - 1))]).join('')
}
