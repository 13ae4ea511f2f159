import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import manifest from '#package.json' with { type: 'json' }
import { ROOT } from '#testing/sources.ts'

/** Prints the notes of a release: `node ops/deploy/make-notes.ts v1.2.3`. Needs no installed dependencies. */

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

if (import.meta.main) {
  const changelog = readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8')
  try {
    process.stdout.write(`${readNotes(process.argv[2] ?? '', changelog, manifest.version)}\n`)
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`)
    process.exitCode = 1
  }
}
