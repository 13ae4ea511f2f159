import fc from 'fast-check'
import t from 'tap'
import { toLocation } from '#schema/shapes/location.ts'
import { isCode } from '#schema/shapes/url-codes.ts'

t.test('a url of visible ASCII is the location exactly as stored', async (t) => {
  for (const url of [
    'https://acme.dev/harbor/canyon/1',
    'https://acme.dev/?q=%C3%A9%20b&x=[1]#top',
    'HTTP://ACME.dev:8080/a//b/../c?a=b?c',
    'https://user:p%40ss@acme.dev/\'"<>|^`{}'
  ]) {
    t.equal(toLocation(url), url)
  }
})

t.test("characters that a header can't carry are percent-encoded as UTF-8, once", async (t) => {
  t.equal(toLocation('https://acme.dev/café?q=%C3%A9'), 'https://acme.dev/caf%C3%A9?q=%C3%A9')
  t.equal(toLocation('https://acme.dev/🚀 x'), 'https://acme.dev/%F0%9F%9A%80%20x')
  t.equal(toLocation('https://acme.dev/\r\nset-cookie: a=b'), 'https://acme.dev/%0D%0Aset-cookie:%20a=b')
  t.equal(toLocation('https://acme.dev/\ud800'), 'https://acme.dev/%EF%BF%BD', 'a broken character too')
})

t.test('a host outside ASCII becomes Punycode', async (t) => {
  t.equal(toLocation('https://bücher.example/ä?b'), 'https://xn--bcher-kva.example/%C3%A4?b')
  t.equal(toLocation('HTTP://me:ä@BÜCHER.example:8080'), 'HTTP://me:%C3%A4@xn--bcher-kva.example:8080')
  t.equal(toLocation('https://a.example/@bücher.example'), 'https://a.example/@b%C3%BCcher.example')
  t.equal(
    toLocation('https://b\u00adü\u2060\ufdd0/'),
    'https://b%C2%AD%C3%BC%E2%81%A0%EF%B7%90/',
    'what is no host'
  )
})

t.test('for every stored url the header is valid and equivalent', async () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (path) => {
      const url = `https://acme.dev/${path.replaceAll('%', '')}`
      const location = toLocation(url)
      return /^[\x21-\x7e]*$/.test(location) && decodeURIComponent(location) === url.toWellFormed()
    })
  )
})

t.test('isCode accepts valid codes only', async (t) => {
  for (const code of ['a', '528279', 'oWCnNk', 'a-b_c', 'x'.repeat(64)]) t.ok(isCode(code), code)
  for (const text of ['', 'x'.repeat(65), 'a b', 'é', 'a.b', 'a/b', 'a\n', '\u0000'])
    t.notOk(isCode(text), text)
})
