import t from 'tap'
import { startApp } from '#testing/app.ts'
import { warnOfHost } from './look-alikes.ts'

/** Hosts that may be mistaken for others: the API accepts them with a warning. */

t.test('a name in one script, or in scripts written together, has no warning', async (t) => {
  for (const host of [
    'example.com',
    'bücher.example',
    'пример.рф',
    'пример.com',
    '例え.jp',
    'ひらがなカタカナ漢字latin.jp',
    '한국어漢字.kr',
    'παράδειγμα.gr',
    'a-1.xn--p1ai',
    '127.0.0.1',
    '[::1]'
  ])
    t.same(warnOfHost(`https://${host}/`), [], host)
  t.same(warnOfHost('mailto:you@example.com'), [])
})

t.test('a name that mixes scripts, or looks Latin and is not, has a warning', async (t) => {
  for (const host of ['pаypal.com', 'gοοgle.com', 'www.microsоft.com', 'հtest.example', 'xn--pypal-4ve.com'])
    t.match(warnOfHost(`https://${host}/`), [/mixes scripts/], host)
  for (const host of ['аррӏе.com', 'ехе.example', 'www.хсоре.net'])
    t.match(warnOfHost(`https://${host}/`), [/looks like Latin/], host)
  t.same(warnOfHost('https://хсоре.рф/'), [], 'a name in a domain of the same script')
})

t.test('the answer that sets a target has the warning, and the redirect is in ASCII', async (t) => {
  const { request } = await startApp(t)
  const original_url = 'https://pаypal.com/login'
  const made = await request('POST', '/urls', { json: { original_url } })
  t.match(made, { status: 201, json: { original_url, warnings: [/xn--pypal-4ve\.com mixes scripts/] } })
  t.match((await request('POST', '/shorten', { json: { url: original_url } })).json, { warnings: [/mixes/] })
  const path = `/urls/${made.json.id}`
  t.notOk('warnings' in (await request('GET', path)).json, 'only the answer that sets the target warns')
  t.notOk('warnings' in (await request('PUT', path, { json: { title: 'x' } })).json)
  t.match((await request('PUT', path, { json: { original_url: 'https://аррӏе.com' } })).json, {
    warnings: [/Latin/]
  })
  t.notOk('warnings' in (await request('PUT', path, { json: { original_url: 'https://example.com' } })).json)
  const followed = await request(
    'GET',
    `/${(await request('POST', '/shorten', { json: { url: original_url } })).json.short_code}`
  )
  t.equal(followed.headers.get('location'), 'https://xn--pypal-4ve.com/login')
})
