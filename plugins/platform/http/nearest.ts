/** Suggests the name that a client or an operator probably meant. */

/** Maximum number of characters to compare: the cost grows with the square. */
const MAX_LENGTH = 64

/** The name in `names` nearest to `given`, or undefined when none is similar. */
export function findNearest(given: string, names: readonly string[]): string | undefined {
  const bare = (text: string) => text.slice(0, MAX_LENGTH).toLowerCase().replace(/^-+/, '')
  const wanted = bare(given)
  const rank = (name: string) => {
    if (wanted && bare(name).startsWith(wanted)) return 1
    // Compares as many words as were given, so that the first of two words matches too.
    return countEdits(wanted, bare(name.split(' ', given.split(' ').length).join(' ')))
  }
  const [nearest] = names.map((name) => ({ name, edits: rank(name) })).sort((a, b) => a.edits - b.edits)
  return nearest && nearest.edits <= Math.max(2, wanted.length * 0.4) ? nearest.name : undefined
}

/** The end of a message about an unknown name: the nearest of `names`, or all if none is similar. */
export function suggest(given: string, names: readonly string[]): string {
  const near = findNearest(given, names)
  if (near !== undefined) return `did you mean ${near}?`
  return names.length > 0 ? `there is ${names.join(', ')}` : 'there are none'
}

/** Edit distance: insertions, deletions, substitutions, swapped neighbours (optimal string alignment). */
function countEdits(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, at) => at)]
  const cell = (i: number, j: number) => rows[i]?.[j] ?? 0
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    rows.push(row)
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      row[j] = Math.min(cell(i - 1, j) + 1, cell(i, j - 1) + 1, cell(i - 1, j - 1) + cost)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        row[j] = Math.min(cell(i, j), cell(i - 2, j - 2) + 1)
    }
  }
  return cell(a.length, b.length)
}
