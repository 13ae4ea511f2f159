import t from 'tap'
import { type Api, clicksOf, createUrl, isProblem, listEvents, servedInEachMode, unique } from './subject.ts'

const PASSWORD = 'correct hörse'
const HTML = { accept: 'text/html' }
const addresses = (code: string) => [`/${code}`, `/s/${code}`, `/urls/${code}/redirect`]

const basic = (password: string, name = 'any') => ({
  authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`
})

function sendForm(api: Api, path: string, password: string, headers: Record<string, string> = {}) {
  return api('POST', path, {
    body: new URLSearchParams({ password }).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...HTML, ...headers }
  })
}

servedInEachMode(t, async (t, api) => {
  const secret = await createUrl(api, { password: PASSWORD, title: 'Plans' })
  const code: string = secret.short_code

  t.test('a password is set, changed and removed, and never shown', async (t) => {
    const url = await createUrl(api, { password: 'first one' })
    t.match(url, { has_password: true, state: 'active' })
    const path = `/urls/${url.id}`
    const change = async (json: object) => (await api('PATCH', path, { json })).json.has_password
    t.equal(await change({ password: 'second one' }), true)
    t.equal(await change({ title: 'kept' }), true, 'an absent password stays')
    t.equal(await change({ password: null }), false)
    t.equal((await api('GET', `/${url.short_code}`)).status, 302)
    t.equal(await change({ password: 'third one' }), true)
    isProblem(t, await api('GET', `/${url.short_code}`), 401)
    const texts = await Promise.all(
      [
        path,
        `/urls?q=${url.short_code}`,
        `/events?url_id=${url.id}`,
        `${path}/history`,
        '/audit',
        '/urls/bulk'
      ].map(async (one) => (await api('GET', one)).text)
    )
    t.same(
      texts.filter((text) => /(first|second|third) one|scrypt/.test(text)),
      []
    )
    const changes = (await listEvents(api, `url_id=${url.id}&event_type=updated`)).map(
      ({ details }) => details
    )
    t.same(
      changes.filter(({ field }) => field === 'password').map(({ new_value }) => new_value),
      ['(not recorded)', null, '(not recorded)']
    )
  })

  t.test('every password that a link takes opens it', async (t) => {
    const closed = []
    for (const password of ['😀'.repeat(100), '\u0958'.repeat(128), 'e\u0301'.repeat(64)]) {
      const { short_code } = await createUrl(api, { password })
      // A copied password may have spaces around it.
      const { status } = await sendForm(api, `/${short_code}`, ` ${password}\t`)
      if (status !== 303) closed.push([password, status])
    }
    t.same(closed, [])
  })

  t.test('each address of the link takes the form', async (t) => {
    const answers = await Promise.all(addresses(code).map((path) => sendForm(api, path, PASSWORD)))
    t.same(
      answers.map(({ status, headers }) => [status, headers.get('location')]),
      addresses(code).map((path) => [303, path])
    )
  })

  t.test('a bad password is 422 and changes nothing', async (t) => {
    const bad = [
      '',
      'abc',
      'x'.repeat(129),
      'x'.repeat(1_000),
      'a\u0000bcd',
      ' abcd',
      'abcd\t',
      '      ',
      12345,
      true,
      {}
    ]
    for (const password of bad) {
      isProblem(
        t,
        await api('POST', '/urls', { json: { original_url: 'https://a.dev/', password } }),
        422,
        'password'
      )
      isProblem(
        t,
        await api('PUT', `/urls/${secret.id}`, { json: { title: 'new', password } }),
        422,
        'password'
      )
    }
    t.match((await api('GET', `/urls/${secret.id}`)).json, { title: 'Plans', has_password: true })
  })

  t.test('without the password nothing shows the target', async (t) => {
    const paths = [...addresses(code), `/${code}/`, `/${code}?password=${encodeURIComponent(PASSWORD)}`]
    const leaks = []
    for (const path of [...paths, `/${code}+`, `/s/${code}+`])
      for (const method of ['GET', 'HEAD'])
        for (const accept of ['text/html', 'application/json']) {
          const answer = await api(method, path, { headers: { accept } })
          const shown = JSON.stringify([...answer.headers]) + answer.text
          if (answer.status !== 401 || shown.includes(secret.original_url) || shown.includes('Plans'))
            leaks.push(`${method} ${path} ${answer.status}`)
        }
    t.same(leaks, [])
    const program = await api('GET', `/${code}`)
    isProblem(t, program, 401)
    t.match(program.headers.get('www-authenticate'), /^Basic realm=/)
    t.equal(program.headers.get('cache-control'), 'no-store')
    const page = await api('GET', `/${code}`, { headers: HTML })
    t.match(page.text, /<form method="post">/)
    t.notMatch(page.headers.get('www-authenticate'), /Basic/, 'browsers ask for no user name')
    t.same(await listEvents(api, `url_id=${secret.id}&event_type=click`), [])
  })

  t.test('programs send the password in a header, and each visit is one click', async (t) => {
    const url = await createUrl(api, { password: PASSWORD, redirect_status: 307 })
    const proofs = [
      basic(PASSWORD),
      basic(PASSWORD, ''),
      { 'x-link-password': Buffer.from(PASSWORD).toString('latin1') }
    ]
    for (const [at, path] of addresses(url.short_code).entries()) {
      const answer = await api('GET', path, { headers: proofs[at] ?? {} })
      t.match([answer.status, answer.headers.get('location')], [307, url.original_url])
      t.equal(answer.headers.get('set-cookie'), null)
    }
    for (const headers of [basic('wrong'), { 'x-link-password': '' }, basic(PASSWORD.toUpperCase())])
      isProblem(t, await api('GET', `/${url.short_code}`, { headers }), 401)
    t.equal((await clicksOf(api, url.id, 3)).length, 3)
  })

  t.test('the form gives a cookie for this path and this password', async (t) => {
    const path = `/${code}`
    const wrong = await sendForm(api, path, 'not this')
    t.match([wrong.status, wrong.headers.get('set-cookie')], [401, null])
    t.match(wrong.text, /role="alert"/)
    const right = await sendForm(api, `${path}?a=1`, PASSWORD)
    t.match([right.status, right.headers.get('location')], [303, `${path}?a=1`])
    const set = right.headers.get('set-cookie') ?? ''
    t.match(set, new RegExp(`; Max-Age=3600; Path=${path}; HttpOnly; SameSite=Lax$`))
    const [cookie = ''] = set.split(';')
    const follow = (one: string, at = path) => api('GET', at, { headers: { ...HTML, cookie: one } })
    t.match((await follow(cookie)).headers.get('location'), secret.original_url)
    t.equal((await follow(cookie)).status, 302, 'for more than one visit')
    const other = await createUrl(api, { password: PASSWORD })
    t.equal((await follow(cookie, `/${other.short_code}`)).status, 401, 'another link has the same password')
    const later = cookie.replace(/=(\d+)/, (_, time) => `=${Number(time) + 1}`)
    const forged = [
      later,
      `${cookie.slice(0, -4)}AAAA`,
      'link_password=',
      'link_password=9999999999.',
      'link_password=x.y'
    ]
    t.same(
      await Promise.all(forged.map(async (one) => (await follow(one)).status)),
      forged.map(() => 401)
    )
    await api('PUT', `/urls/${secret.id}`, { json: { password: PASSWORD } })
    t.equal((await follow(cookie)).status, 401, 'a password that is set again ends the access')
  })

  t.test('a form from another site, and one for a link without a password', async (t) => {
    isProblem(
      t,
      await sendForm(api, `/${code}`, PASSWORD, { accept: '*/*', 'sec-fetch-site': 'cross-site' }),
      403
    )
    const open = await createUrl(api)
    const answer = await sendForm(api, `/${open.short_code}`, 'any')
    t.match([answer.status, answer.headers.get('location')], [303, `/${open.short_code}`])
    isProblem(t, await sendForm(api, `/${unique()}`, 'any', { accept: '*/*' }), 404)
    const json = await api('POST', `/${code}`, { json: { password: PASSWORD } })
    isProblem(t, json, 405)
    t.equal(json.headers.get('allow'), 'GET, HEAD')
    isProblem(t, await sendForm(api, '/health', 'any', { accept: '*/*' }), 405)
  })

  t.test('an end and a start count before the password', async (t) => {
    const create = async (fields: Record<string, unknown>) =>
      (await createUrl(api, { password: PASSWORD, ...fields })).short_code
    const ended = await create({ expires_at: '2020-01-01T00:00:00' })
    const led = await create({ expires_at: '2020-01-01T00:00:00', expired_url: 'https://acme.dev/over' })
    const planned = await create({ starts_at: '2999-01-01T00:00:00' })
    isProblem(t, await api('GET', `/${ended}`), 410)
    t.equal((await api('GET', `/${led}`)).headers.get('location'), 'https://acme.dev/over')
    isProblem(t, await api('GET', `/${planned}`, { headers: basic(PASSWORD) }), 404)
  })

  t.test('a deletion keeps the password, and a restored link needs it', async (t) => {
    const { id, short_code } = await createUrl(api, { password: PASSWORD })
    await api('DELETE', `/urls/${id}`)
    isProblem(t, await api('GET', `/${short_code}`, { headers: basic(PASSWORD) }), 404)
    t.match((await api('POST', `/urls/${id}/restore`)).json, { has_password: true })
    isProblem(t, await api('GET', `/${short_code}`), 401)
    t.equal((await api('GET', `/${short_code}`, { headers: basic(PASSWORD) })).status, 302)
  })

  t.test('a link from the answers of the API stays closed where it had a password', async (t) => {
    const { short_code: _, id: __, ...locked } = await createUrl(api, { password: PASSWORD })
    const { short_code: ___, id: ____, ...open } = await createUrl(api)
    const rows = [locked, open].map((row) => ({ ...row, short_code: unique() }))
    t.match((await api('POST', '/urls/bulk', { json: rows })).json, { imported: 2 })
    const [closed, free] = rows.map(({ short_code }) => short_code)
    isProblem(t, await api('GET', `/${closed}`), 401)
    t.match((await api('GET', `/urls?short_code=${closed}`)).json, [{ has_password: true, is_active: true }])
    t.equal((await api('GET', `/${free}`)).status, 302)
  })

  t.test('an imported link that had a password stays closed', async (t) => {
    const short_code = unique()
    const row = { original_url: 'https://acme.dev/imported', short_code }
    const rows = [
      { ...row, password_version: 5 },
      { ...row, short_code: unique(), password_version: 2 ** 31 }
    ]
    t.match((await api('POST', '/urls/bulk', { json: rows })).json, { imported: 1, rejected: 1 })
    const [url] = (await api('GET', `/urls?short_code=${short_code}`)).json
    t.match(url, { has_password: true, is_active: true })
    isProblem(t, await api('GET', `/${short_code}`, { headers: basic('a guess') }), 401)
    await api('PUT', `/urls/${url.id}`, { json: { password: PASSWORD } })
    t.equal((await api('GET', `/${short_code}`, { headers: basic(PASSWORD) })).status, 302)
  })
})
