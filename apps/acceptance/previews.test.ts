import t from 'tap'
import { createUrl, isProblem, listEvents, servedInEachMode, unique } from './subject.ts'

const HTML = { accept: 'text/html' }

servedInEachMode(t, async (t, api) => {
  t.test('a preview shows where a link leads, and counts no click', async (t) => {
    const url = await createUrl(api, { title: 'A <b> title', utm: { source: 'mail' } })
    const target = `${url.original_url}?utm_source=mail`
    for (const path of [
      `/${url.short_code}+`,
      `/s/${url.short_code}+`,
      `/${url.short_code}+/`,
      `/${url.short_code}+?a=1`,
      `/${url.short_code}+?qr=1`
    ]) {
      const answer = await api('GET', path)
      t.equal(answer.status, 200, path)
      const { short_code, title, created_at } = url
      t.same(answer.json, { short_code, target, title, created_at, warnings: [] })
    }
    const page = await api('GET', `/${url.short_code}+`, { headers: HTML })
    t.equal(page.headers.get('content-type'), 'text/html; charset=utf-8')
    t.match(page.text, target.replace('&', '&#38;'))
    t.match(page.text, 'A &#60;b&#62; title')
    t.match(page.text, `href="/${url.short_code}"`)
    t.match(page.text, '<meta name="robots" content="noindex">')
    t.match(page.headers.get('content-security-policy'), /^default-src 'none';.*form-action 'none'$/)
    t.same(await listEvents(api, `url_id=${url.id}&event_type=click`), [])
  })

  t.test('a preview warns of hosts that imitate others', async (t) => {
    const { short_code } = await createUrl(api, { original_url: 'https://аррӏе.com/' })
    const { json } = await api('GET', `/${short_code}+`)
    t.match(json.warnings, [/looks like Latin/])
    t.match((await api('GET', `/${short_code}+`, { headers: HTML })).text, 'class="warning"')
  })

  t.test('a link that redirects nowhere has no preview', async (t) => {
    const codeOf = async (fields: Record<string, unknown>) => (await createUrl(api, fields)).short_code
    const ended = { expires_at: '2020-01-01T00:00:00' }
    isProblem(t, await api('GET', `/${unique()}+`), 404)
    isProblem(t, await api('GET', `/${await codeOf({ is_active: false })}+`), 404)
    isProblem(t, await api('GET', `/${await codeOf({ starts_at: '2999-01-01T00:00:00' })}+`), 404)
    isProblem(t, await api('GET', `/${await codeOf(ended)}+`), 410)
    isProblem(t, await api('GET', `/${await codeOf({ password: 'a password' })}+`), 401)
    const led = await codeOf({ ...ended, title: 'Secret plans', expired_url: 'https://acme.dev/over' })
    t.match((await api('GET', `/${led}+`)).json, { target: 'https://acme.dev/over', title: null })
  })
})
