import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { renderSettings, replaceSection } from './docs.ts'
import { ROOT } from './sources.ts'

/** Writes what is made from the code into README.md: part of `npm run format`; a test finds what it would change. */
const file = join(ROOT, 'README.md')
const text = await readFile(file, 'utf8')
const next = replaceSection(text, 'settings', renderSettings())
if (next !== text) await writeFile(file, next)
