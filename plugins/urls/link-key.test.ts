import fc from 'fast-check'
import t from 'tap'
import { decodeLinkKey, encodeLinkKey } from '#schema/link-key.ts'
import { startApp } from '#testing/app.ts'
import { makeClick } from '#testing/make-click.ts'

t.test('decoding a key reverses its encoding, and the default domain has the bare code', async (t) => {
  const keys = fc.record({
    domain: fc.constantFrom('', 'go.example', 'localhost:3000', '[::1]:80'),
    code: fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/)
  })
  fc.assert(
    fc.property(keys, (key) => {
      const text = encodeLinkKey(key)
      t.same(decodeLinkKey(text), key)
      return key.domain !== '' || text === key.code
    })
  )
})

t.test('links of two domains', async (t) => {
  const { app, request } = await startApp(t)
  const { pool } = app.database
  const home = await request('POST', '/urls', {
    json: { original_url: 'https://example.com/', short_code: 'home' }
  })
  await pool.query(`INSERT INTO urls (domain, short_code, original_url)
    VALUES ('go.example', 'away', 'https://example.com/away')`)

  t.test('are found by domain and code, in one query', async (t) => {
    const queries = t.capture(pool, 'query', pool.query.bind(pool))
    const keys = ['home', 'away', 'go.example/home', 'go.example/away', 'none']
    const found = await Promise.all(keys.map((key) => app.urls.findByKey(key)))
    t.same(
      found.map((link) => link && `${link.domain} ${link.shortCode}`),
      [' home', null, null, 'go.example away', null]
    )
    t.equal(queries().length, 1)
    t.equal((await request('GET', '/away')).status, 404)
  })

  t.test('have clicks with the domain, unless it is the default one', async (t) => {
    const clicks = [
      makeClick(home.json.id, Date.now(), { shortCode: 'home', userAgent: null }),
      makeClick(home.json.id, Date.now(), { domain: 'go.example', shortCode: 'away', userAgent: null })
    ]
    await app.events.storeClicks(clicks)
    const { json } = await request('GET', '/events?event_type=click')
    t.same(
      json.map(({ details }: { details: object }) => details),
      [{ short_code: 'home' }, { short_code: 'away', domain: 'go.example' }]
    )
  })

  t.test('may be created by the previous release, which has codes only', async (t) => {
    const insert = (code: string) =>
      pool.query(
        `INSERT INTO urls (short_code, original_url) VALUES ($1, 'https://example.com/')
         ON CONFLICT (short_code) DO NOTHING RETURNING domain`,
        [code]
      )
    t.match((await insert('before')).rows, [{ domain: '' }])
    t.same((await insert('before')).rows, [])
    t.equal((await request('GET', '/before')).status, 302)
  })
})
