import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { startApp } from './app.ts'
import {
  listRecords,
  readSection,
  renderProblems,
  renderRecords,
  renderSettings,
  replaceSection
} from './docs.ts'
import { missing } from './programs.ts'
import { listFiles, ROOT, readText } from './sources.ts'
import { mask, readStops, runStop } from './tour.ts'

/** The documents agree with the code. */

const records = listRecords()
const documents = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  ...listFiles(['docs'], /\.md$/)
]

t.test('the table of settings is the one that the code has', async (t) => {
  const table = readSection(readText('docs/settings.md'), 'settings')
  t.equal(table, renderSettings(), 'else run npm run format')
  t.match(renderSettings(), /\| `PORT` \| `3000` \| Port to listen on; 0 picks a free one \(0 to 65535\) \|/)
  t.match(renderSettings(), /\| `DATABASE_URL` \| {2}\| PostgreSQL/)
})

t.test('the errors are those that the code has', async (t) => {
  t.equal(readSection(readText('docs/errors.md'), 'problems'), renderProblems(), 'else run npm run format')
  const catalogue = readText('apps/problems.ts')
  const tables = listFiles(['plugins'], /(?<!\.test)\.ts$/).filter((file) =>
    readText(file).includes('export const problems = ')
  )
  t.ok(tables.length >= 14, `${tables.length} tables`)
  t.same(
    tables.filter((file) => !catalogue.includes(`'#${file.replace('plugins/platform', 'platform')}'`)),
    [],
    'each table is in the catalogue'
  )
})

t.test('a section is put between its marks', async (t) => {
  const text = 'a\n<!-- x -->\nold\nolder\n<!-- /x -->\nb'
  t.equal(readSection(text, 'x'), 'old\nolder')
  t.equal(replaceSection(text, 'x', 'new'), 'a\n<!-- x -->\nnew\n<!-- /x -->\nb')
  t.equal(replaceSection('<!-- x -->\n<!-- /x -->', 'x', '$&'), '<!-- x -->\n$&\n<!-- /x -->')
  t.throws(() => readSection(text, 'y'), /no section y/)
  t.throws(() => replaceSection(text, 'y', ''), /no section y/)
})

t.test('the tour of the README gives the answers that it shows', { skip: missing('curl') }, async (t) => {
  const stops = readStops(readSection(readText('README.md'), 'tour'))
  t.ok(stops.length >= 4, `${stops.length} commands`)
  // As with `npm start`, a click is stored before its redirect is answered. Through Redis it may come later.
  const { url } = await startApp(t, { profile: 'alone' })
  for (const { command, shown } of stops) t.equal(mask(await runStop(command, url)), mask(shown), command)
})

t.test('a tour is read as a shell would read it', async (t) => {
  const [one, two, ...rest] = readStops(
    '```console\n$ curl -s a \\\n    -d \'{"b": 1}\'\n{"c":1}\n\n$ curl d\n```'
  )
  t.same(one, { command: `curl -s a -d '{"b": 1}'`, shown: '{"c":1}' })
  t.same(two, { command: 'curl d', shown: '' })
  t.same(rest, [])
})

t.test('paths and scripts that the documents name exist', async (t) => {
  const { scripts } = JSON.parse(readText('package.json')) as { scripts: Record<string, string> }
  // Git-ignored files exist after a run of their tool, and are missing from a clone.
  const ignored = readText('.gitignore')
    .split('\n')
    .filter((line) => line.endsWith('/'))
  const exists = (path: string) =>
    existsSync(join(ROOT, path)) && !ignored.some((folder) => `${path}/`.startsWith(folder))
  let count = 0
  for (const document of documents) {
    const text = readText(document)
    const folder = join(document, '..')
    const links = [...text.matchAll(/\]\(([^)#\s:]+)(?:#[^)]*)?\)/g)].map(([, path = '']) =>
      join(folder, path)
    )
    // Checks whole paths only: `users/` in a list that begins with `plugins/` is skipped.
    const named = [
      ...text.matchAll(/`((?:apps|plugins|schema|drizzle|loadtest|ops|docs|\.github|\.ci)\/[\w./-]*)`/g)
    ].map(([, path = '']) => path)
    for (const path of [...links, ...named]) {
      count++
      t.ok(exists(path), `${document} names ${path}`)
    }
    for (const [, script = ''] of text.matchAll(/npm run ([\w:-]+)/g))
      t.ok(script in scripts, `npm run ${script}`)
  }
  t.ok(count >= 20, `${count} paths`)
})

t.test('every decision is listed, dated and says what was refused and what it costs', async (t) => {
  t.ok(records.length >= 6, `${records.length} records`)
  t.equal(readSection(readText('docs/adr/README.md'), 'records'), renderRecords(), 'else run npm run format')
  for (const name of records) {
    t.match(name, /^\d{4}-\d\d-\d\d-[a-z0-9-]+\.md$/)
    const text = readText(`docs/adr/${name}`)
    for (const heading of ['Context', 'Options', '(Decision|Outcome)', '(Good|Consequences)'])
      t.match(text, new RegExp(`^## ${heading}`, 'm'), `${name} has ${heading}`)
  }
})

t.test('nothing names a folder of the machine it was written on', async (t) => {
  const files = [
    ...documents,
    'package.json',
    'compose.yaml',
    ...listFiles(
      ['.ci', '.github', 'apps', 'plugins', 'schema', 'loadtest', 'ops', 'drizzle'],
      /\.(ts|mjs|json|ya?ml|md|sql|conf)$|\/run$|Dockerfile$/
    )
  ]
  t.ok(files.length >= 150, `${files.length} files`)
  const machine = /(?<![\w.])\/(work|root|home)\/\w/
  t.same(
    files.filter((file) => machine.test(readText(file))),
    []
  )
})

t.test('each test that SECURITY.md and the threat model name is there', async (t) => {
  for (const [document, least] of [
    ['SECURITY.md', 13],
    ['docs/threat-model.md', 25]
  ] as const) {
    // The last cell of a row of a table: `file`: title.
    const named = [...readText(document).matchAll(/^\|.*\| `(\S+\.test\.ts)`: (.+) \|$/gm)]
    t.ok(named.length >= least, `${named.length} tests in ${document}`)
    for (const [, file = '', title = ''] of named)
      t.ok(readText(file).replace(/\(\s+/g, '(').includes(`t.test('${title}'`), `${file}: ${title}`)
  }
})
