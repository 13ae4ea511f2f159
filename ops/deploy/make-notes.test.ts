import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ROOT } from '#testing/sources.ts'
import { readNotes } from './make-notes.ts'

const changelog = `# Changelog

## Unreleased

### Added

- What is to come.

## 1.2.0 - 2026-11-01

### Added

- The second.

### Fixed

- A bug.

## [1.1.0] - 2026-10-01

- The first.

## 1.0.0 - 2026-09-01
`

t.test('a release says what its section of the changelog says', async (t) => {
  t.equal(readNotes('v1.2.0', changelog, '1.2.0'), '### Added\n\n- The second.\n\n### Fixed\n\n- A bug.')
  t.equal(
    readNotes('v1.1.0', changelog, '1.1.0'),
    '- The first.',
    'with a link as Keep a Changelog has it, too'
  )
})

t.test('a tag that fits nothing is refused', async (t) => {
  t.throws(() => readNotes('v1.2.0', changelog, '1.3.0'), /package\.json says 1\.3\.0, and the tag 1\.2\.0/)
  t.throws(() => readNotes('v1.3.0', changelog, '1.3.0'), /no section 1\.3\.0/)
  t.throws(() => readNotes('v1.2', changelog, '1.2'), /no release/)
  t.throws(() => readNotes('v1.0.0', changelog, '1.0.0'), /says nothing of 1\.0\.0/)
  t.throws(() => readNotes('v1x2.0', changelog, '1x2.0'), /no release/)
})

t.test('what is unreleased has its place in the real one', async (t) => {
  t.match(readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8'), /^## Unreleased$/m)
})
