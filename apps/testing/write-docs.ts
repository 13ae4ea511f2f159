import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { renderProblems, renderRecords, renderSettings, replaceSection } from './docs.ts'
import { ROOT } from './sources.ts'

/** Writes the generated parts of the documents: part of `npm run format`. A test finds outdated parts. */
const sections = [
  { document: 'docs/settings.md', name: 'settings', content: renderSettings() },
  { document: 'docs/errors.md', name: 'problems', content: renderProblems() },
  { document: 'docs/adr/README.md', name: 'records', content: renderRecords() }
]

for (const { document, name, content } of sections) {
  const file = join(ROOT, document)
  const text = await readFile(file, 'utf8')
  const next = replaceSection(text, name, content)
  if (next !== text) await writeFile(file, next)
}
