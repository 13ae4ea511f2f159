/** What a release says of itself: its section of CHANGELOG.md. */

/**
 * The section of `tag` (`v1.2.3`) without its heading. Throws where there is none, it says nothing, or package.json has
 * another version.
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
