import { getTableColumns } from 'drizzle-orm'
import t from 'tap'
import { Url, UrlChange, UrlDraft } from '#schema/shapes/url.ts'
import { URL_OPTIONS } from '#schema/shapes/url-codes.ts'
import { urls } from '#schema/tables/urls.ts'
import { listFiles, readText } from '#testing/sources.ts'
import { FIELDS, inputName, shownName } from './fields.ts'
import type { LinkField } from './link-field.ts'

/** The fields in a shape. */
const fieldsOf = ({ properties }: { properties: object }) =>
  Object.keys(properties)
    .filter((name) => !URL_OPTIONS.includes(name))
    .sort()

const names = (isWanted: (field: LinkField) => boolean, nameOf = inputName) =>
  FIELDS.filter(isWanted).map(nameOf).sort()

t.test('the list has the columns of the table, with their names and types', async (t) => {
  const internal = ['version', 'domain', 'isGuarded', 'aliasOf', 'foldedCode']
  const columns = Object.fromEntries(
    Object.entries(getTableColumns(urls)).filter(([name]) => !internal.includes(name))
  )
  t.same(
    FIELDS.map(({ column, name }) => `${column} ${name}`).sort(),
    Object.entries(columns)
      .map(([column, { name }]) => `${column} ${name}`)
      .sort()
  )
  const types = { 'timestamp (0) with time zone': 'timestamptz' } as Record<string, string>
  const wrong = FIELDS.filter(({ column, type }) => {
    const ofColumn = urls[column].getSQLType()
    return type !== (types[ofColumn] ?? ofColumn)
  })
  t.same(wrong, [])
})

t.test('the list has the properties of the shapes', async (t) => {
  const { short_url: _, warnings: __, state: ___, visits_left: ____, ...shown } = Url.properties
  t.same(
    names(({ isHidden }) => !isHidden, shownName),
    Object.keys(shown).sort()
  )
  t.same(
    names(({ setOn }) => setOn !== undefined),
    fieldsOf(UrlDraft)
  )
  t.same(
    names(({ setOn }) => setOn === 'change'),
    fieldsOf(UrlChange)
  )
})

t.test('fields that a client sets are in the audit log and in files', async (t) => {
  t.same(
    FIELDS.filter(({ setOn, audit, file }) => setOn !== undefined && !(audit && file)),
    []
  )
})

t.test('the walk-through names every source file that knows its example', async (t) => {
  const [, section = ''] = /### Add a link field\n(.*?)\n### /s.exec(readText('CONTRIBUTING.md')) ?? []
  const [, example = ''] = /^`(\w+)` is the example/m.exec(section) ?? []
  const steps = [...section.matchAll(/^\d+\. `([^`]+)`/gm)].map(([, file]) => file)
  t.ok(names(({ setOn }) => setOn !== undefined).includes(example as never), example)
  const rooms = ['audit', 'events', 'exports', 'imports', 'stats', 'titles', 'urls', 'users']
  const files = listFiles(['schema', ...rooms.map((room) => `plugins/${room}`)], /(?<!\.test)\.ts$/)
  t.ok(files.length > 70, `${files.length} files`)
  t.same(
    files.filter((file) => readText(file).match(`\\b${example}\\b`)),
    steps.sort()
  )
})
