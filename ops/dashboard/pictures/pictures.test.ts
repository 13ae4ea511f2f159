import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ROOT, readText } from '#testing/sources.ts'
import { listPictures } from './views.ts'

/** The pictures in the documents are those of `npm run pictures`, shown and small. */

const FOLDER = join(ROOT, 'docs', 'pictures')
const MAX_BYTES = 1_500_000

t.test('the documents have the pictures that npm run pictures makes, and show each', async (t) => {
  const names = readdirSync(FOLDER).sort()
  t.same(names, listPictures().sort(), 'else run npm run pictures')
  const text = readText('docs/pictures.md')
  t.same(
    names.filter((name) => !text.includes(`](pictures/${name})`)),
    []
  )
  const bytes = names.reduce((sum, name) => sum + statSync(join(FOLDER, name)).size, 0)
  t.ok(bytes <= MAX_BYTES, `${bytes} bytes`)
})
