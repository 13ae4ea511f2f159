/** The notes of a release: its section of CHANGELOG.md. */

/**
 * Returns the section of `tag` (`v1.2.3`) without its heading. Throws if it is missing or empty, or if
 * package.json has another version.
 */
export function readNotes(tag: string, changelog: string, manifestVersion: string): string {
  const version = /^v(\d+\.\d+\.\d+(?:-[\w.]+)?)$/.exec(tag)?.[1]
  if (version === undefined) throw new Error(`${tag} is no release: v1.2.3`)
  if (version !== manifestVersion)
    throw new Error(`package.json says ${manifestVersion}, and the tag ${version}`)
  const lines = changelog.split('\n')
  const start = lines.findIndex((line) =>
    new RegExp(`^## \\[?${version.replaceAll('.', '\\.')}\\]?( |$)`).test(line)
  )
  if (start === -1) throw new Error(`CHANGELOG.md has no section ${version}`)
  const length = lines.slice(start + 1).findIndex((line) => line.startsWith('## '))
  const notes = lines
    .slice(start + 1, length === -1 ? undefined : start + 1 + length)
    .join('\n')
    .trim()
  if (!/^- /m.test(notes)) throw new Error(`CHANGELOG.md says nothing of ${version}`)
  return notes
}
