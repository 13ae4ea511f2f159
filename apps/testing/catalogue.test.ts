import t from 'tap'
import { de } from '#apps/dashboard/text/de.ts'
import { en } from '#apps/dashboard/text/en.ts'
import { UrlChange } from '#schema/shapes/url.ts'
import { listFiles, readText } from './sources.ts'

/** The texts of the dashboard are in its catalogues, and each catalogue is complete. */

/** The paths of all texts; functions count as one. */
function listTexts(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return [path]
  return Object.entries(value).flatMap(([name, part]) => listTexts(part, `${path}.${name}`))
}

/** Texts of a component that a person would read: between tags, or in an attribute that is shown or read. */
function findTexts(source: string): string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
  const children = [...code.matchAll(/<[\w.]+(?:\s[^<>]*?)?>\s*([^<>{}=;()]*\p{L}[^<>{}=;()]*?)\s*<\//gu)]
  const attributes = [
    ...code.matchAll(
      /\b(?:label|title|hint|error|placeholder|alt|aria-label|aria-description)="([^"]*\p{L}[^"]*)"/gu
    )
  ]
  return [...children, ...attributes].flatMap(([, text = '']) => text.trim() || [])
}

t.test('no component has a text of its own', async (t) => {
  const files = listFiles(['apps/dashboard'], /\.tsx$/)
  t.ok(files.length >= 20, `${files.length} components`)
  // The key is the same in every language.
  const found = files.flatMap((file) =>
    findTexts(readText(file))
      .filter((text) => text !== 'n')
      .map((text) => `${file}: ${text}`)
  )
  t.same(found, [])
})

t.test('the check finds texts', async (t) => {
  t.same(findTexts('<p class="x">Hello</p>'), ['Hello'])
  t.same(findTexts('<p>\n  Hello, {name}\n</p><b>{t.x}</b>'), [])
  t.same(findTexts('<input placeholder="Search" class="input">'), ['Search'])
  t.same(findTexts('const a = (b: Map<string, number>) => b'), [])
})

t.test('German has the texts of English, and none is empty', async (t) => {
  t.ok(listTexts(en).length >= 150)
  t.same(listTexts(de).sort(), listTexts(en).sort())
  const texts = [...Object.values(en), ...Object.values(de)].flatMap((group) => Object.values(group))
  t.notOk(texts.includes(''))
})

t.test('only a few words are the same in both languages', async (t) => {
  const same = (a: unknown, b: unknown, path: string): string[] =>
    typeof a === 'object' && a !== null
      ? Object.entries(a).flatMap(([name, part]) => same(part, Object(b)[name], `${path}.${name}`))
      : typeof a === 'string' && a === b
        ? [path]
        : []
  t.same(same(en, de, 'en'), [
    'en.roles.admin',
    'en.parts.medium',
    'en.admin.tabs.system',
    'en.system.database',
    'en.system.groups.caches',
    'en.system.groups.redis',
    'en.system.columnCache',
    'en.app.name',
    'en.app.links',
    'en.app.optional',
    'en.links.title',
    'en.links.status',
    'en.links.columnLink',
    'en.links.columnStatus',
    'en.link.columnAgent',
    'en.stats.bots',
    'en.shortcuts.links'
  ])
})

t.test('each field of a link has a label and a hint in every language', async (t) => {
  const names = Object.keys(UrlChange.properties)
  t.ok(names.length >= 5)
  const missing = [en, de].flatMap(({ fields }) =>
    names.filter((name) => {
      const { label, hint } = fields[name as keyof typeof fields] ?? {}
      return !label || !hint
    })
  )
  t.same(missing, [])
  for (const { fields } of [en, de]) t.same(Object.keys(fields).sort(), names.sort())
})

t.test('no source of the editor names a field of a link', async (t) => {
  // The list edits title and target in place; all else comes from the shape.
  const files = ['edit-dialog.tsx', 'edit-fields.ts', 'edit.ts', 'save.ts', 'conflict.tsx']
  const found = files.flatMap((file) => {
    const source = readText(`apps/dashboard/links/${file}`)
    return Object.keys(UrlChange.properties).filter((name) =>
      new RegExp(`['".]${name}\\b(?!\\()`).test(source.replaceAll('t.edit.title(url.short_code)', ''))
    )
  })
  t.same(found, [])
})
