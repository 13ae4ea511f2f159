import t from 'tap'
import { checkSubject, checkText } from './english.ts'

const reasonsOf = (file: string, text: string) =>
  checkText(file, text).map(({ line, reason }) => `${line} ${reason}`)

t.test('prose that turns software into people is refused', async (t) => {
  const refused = [
    '// Whoever takes the public knows nobody',
    '// who leaves still knows the older one',
    '/** The hook that is told of a change. */',
    '// Deletes answers that are over.',
    '// What stands in the cache',
    '// A warm link leads on without Redis.',
    "log.warn('a key that is not good')"
  ]
  t.same(
    refused.filter((text) => checkText('a.ts', text).length === 0),
    []
  )
})

t.test('plain prose, people, code and quotations pass', async (t) => {
  const comments = [
    '// Users who have no key are refused.',
    '// An operator, who set it',
    "run('setpriv', 'nobody')"
  ]
  t.same(
    comments.flatMap((text) => checkText('a.ts', text)),
    []
  )
  const markdown =
    '`who` is a program\n```sh\nwhoever\n```\n| E | a risk | `a.test.ts`: nobody is told |\n[a](b/who.md)'
  t.same(checkText('a.md', markdown), [])
})

t.test('comments have a width, Markdown and code have none here', async (t) => {
  const long = `// ${'a '.repeat(60)}`
  t.match(reasonsOf('a.ts', `const a = 1\n${long}`), [/^2 a comment of 123 columns/])
  t.same(checkText('a.md', long), [])
  t.same(checkText('a.ts', `const a = '${'a '.repeat(60)}'`), [])
})

t.test('commit subjects are conventional, short and imperative', async (t) => {
  const good = [
    'feat(urls): add a note',
    'fix!: process needed rows',
    'docs(adr): bring back the index',
    'perf: cache links'
  ]
  t.same(
    good.flatMap((subject) => checkSubject(subject) ?? []),
    []
  )
  const bad = [
    'Add a note',
    'feat(urls): added a note',
    'feat(urls): adds a note',
    'feat(urls): adding a note',
    'feat(urls): a note of a link',
    `feat(urls): add ${'a'.repeat(72)}`
  ]
  t.same(
    bad.filter((subject) => checkSubject(subject) === undefined),
    []
  )
})
