import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { type Answer, startApp } from '#testing/app.ts'
import { makeFolder } from '#testing/folder.ts'

const HTML = { accept: 'text/html' }
const SVG = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'

const policyOf = ({ headers }: Answer) => headers.get('content-security-policy') ?? ''

t.test('pages are in the language that the client prefers', async (t) => {
  const { request } = await startApp(t)
  const languages = {
    de: 'de',
    'de-AT': 'de',
    'de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7': 'de',
    'en-GB,en;q=0.9,de;q=0.8': 'en',
    'fr,de;q=0.5,en;q=0.3': 'de',
    fr: 'en',
    '': 'en'
  }
  const found = Object.keys(languages).map(async (language) => {
    const { text } = await request('GET', '/none', { headers: { ...HTML, 'accept-language': language } })
    return [language, /<html lang="(\w+)">/.exec(text)?.[1]]
  })
  t.same(Object.fromEntries(await Promise.all(found)), languages)
  const answer = await request('GET', '/none', { headers: { ...HTML, 'accept-language': 'de' } })
  t.match(answer.text, 'Diesen Link gibt es nicht')
  t.equal(answer.headers.get('vary'), 'Accept, Accept-Language')
})

t.test('pages have the brand of the settings', async (t) => {
  const file = join(await makeFolder(t), 'logo')
  await writeFile(file, SVG)
  const env = {
    BRAND_NAME: 'Acme & <Sons>',
    BRAND_COLOR: '#FFdd00',
    BRAND_LOGO_FILE: file,
    PUBLIC_URL: 'https://acme.dev/go'
  }
  const { request } = await startApp(t, { env })
  const page = await request('GET', '/none', { headers: HTML })
  t.match(page.text, 'Acme &#38; &#60;Sons&#62;')
  t.match(page.text, 'background:#FFdd00;color:#000')
  const [, style = ''] = /<style>([^<]*)<\/style>/.exec(page.text) ?? []
  t.match(policyOf(page), createHash('sha256').update(style).digest('base64'))
  const [, path = ''] = /<img src="\/go(\/assets\/logo-[\w-]+\.svg)" alt="">/.exec(page.text) ?? []
  const logo = await request('GET', path)
  t.match(logo, { status: 200, text: SVG })
  t.equal(logo.headers.get('content-type'), 'image/svg+xml')
  t.match(logo.headers.get('cache-control'), 'immutable')
  t.match(policyOf(logo), /default-src 'none';.*sandbox/)
})

t.test('a brand that can not be shown refuses the start', async (t) => {
  const folder = await makeFolder(t)
  const contents = {
    text: 'a logo',
    html: '<html><svg></svg></html>',
    large: `<svg>${' '.repeat(262_144)}</svg>`
  }
  for (const [name, content] of Object.entries(contents)) await writeFile(join(folder, name), content)
  const refused = ['text', 'html', 'large', 'missing'].map((name) => ({
    BRAND_LOGO_FILE: join(folder, name)
  }))
  for (const env of [...refused, { BRAND_COLOR: 'red' }, { BRAND_COLOR: '#fff' }])
    await t.rejects(startApp(t, { env }), /BRAND_/, JSON.stringify(env))
})

t.test('the landing page is at / if the settings say so', async (t) => {
  const { request } = await startApp(t, { env: { HOME_PAGE: 'landing', BRAND_NAME: 'Acme' } })
  const page = await request('GET', '/', { headers: { 'accept-language': 'de' } })
  t.match(page, { status: 200, text: /<title>Kurze Links · Acme<\/title>/ })
  t.match(policyOf(page), /^default-src 'none'/)
})
