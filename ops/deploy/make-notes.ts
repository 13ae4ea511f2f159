import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import manifest from '#package.json' with { type: 'json' }
import { ROOT } from '#testing/sources.ts'
import { readNotes } from './notes.ts'

/** Prints the notes of a release: `node ops/deploy/make-notes.ts v1.2.3`. Needs no installed dependencies. */
const changelog = readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8')
try {
  process.stdout.write(`${readNotes(process.argv[2] ?? '', changelog, manifest.version)}\n`)
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`)
  process.exitCode = 1
}
