import t from 'tap'
import { clicksOf, createUrl, createUser, isProblem, listEvents, served, unique } from './subject.ts'

const addresses = (code: string) => [`/${code}`, `/s/${code}`, `/urls/${code}/redirect`]

served(t, async (t, api) => {
  t.test('each address of a code leads to exactly the stored url, with GET and HEAD', async (t) => {
    const { id, short_code, original_url } = await createUrl(api, {
      original_url: 'https://acme.dev/a/../b?q=%20#x'
    })
    for (const path of [...addresses(short_code), ...addresses(short_code).map((one) => `${one}/`)]) {
      for (const method of ['GET', 'HEAD']) {
        const answer = await api(method, path)
        t.equal(answer.status, 302, `${method} ${path}`)
        t.equal(answer.headers.get('location'), original_url)
        t.equal(answer.text, '')
      }
    }
    const clicks = await clicksOf(api, id, 12)
    t.equal(clicks.length, 12, 'each was a click')
    t.ok(clicks.every(({ details, user_id }) => details.short_code === short_code && user_id === null))
  })

  t.test('a query changes nothing', async (t) => {
    const { short_code, original_url } = await createUrl(api)
    const answer = await api('GET', `/${short_code}?utm_source=mail&__proto__=1&%00`)
    t.equal(answer.headers.get('location'), original_url)
  })

  t.test('leads to any target that can be stored', async (t) => {
    const long = `https://example.com/${'x'.repeat(2_048 - 'https://example.com/'.length)}`
    for (const original_url of [
      long,
      'http://[::1]:8080/',
      'https://example.com/?q=\'"<>{}|\\^`',
      'HTTPS://EXAMPLE.com'
    ]) {
      const { short_code } = await createUrl(api, { original_url })
      t.equal((await api('GET', `/${short_code}`)).headers.get('location'), original_url)
    }
    const target = 'https://例え.テスト/パス?クエリ=ü%20🎉#ñ'
    const { short_code } = await createUrl(api, { original_url: target })
    const location = (await api('GET', `/${short_code}`)).headers.get('location') ?? ''
    t.match(location, /^[\x21-\x7e]+$/, 'a header carries ASCII')
    t.equal(new URL(location).href, new URL(target).href, 'that means the same')
  })

  t.test('of many redirects at once each becomes one event', async (t) => {
    const user = await createUser(api)
    const { id, short_code } = await createUrl(api, { user_id: user.id })
    const answers = await Promise.all(Array.from({ length: 200 }, () => api('GET', `/${short_code}`)))
    t.ok(answers.every(({ status }) => status === 302))
    t.equal((await clicksOf(api, id, 200)).length, 200)
    // Clicks are stored in order, so any surplus click would be stored before this later one.
    const later = await createUrl(api)
    await api('GET', `/${later.short_code}`)
    await clicksOf(api, later.id, 1)
    const clicks = await clicksOf(api, id, 200)
    t.equal(clicks.length, 200)
    t.match(clicks[0], { url_id: id, event_type: 'click', details: { short_code } })
  })

  t.test('an unknown code is 404, and no event', async (t) => {
    for (const code of [
      unique(),
      '0',
      '999999999999',
      'x'.repeat(64),
      'x'.repeat(65),
      'x'.repeat(1_000),
      '%C3%A9',
      '%00',
      'a%2Fb',
      'a.b',
      '%20',
      '..%2f..',
      "'--"
    ]) {
      for (const path of addresses(code)) isProblem(t, await api('GET', path), 404)
    }
    const head = await api('HEAD', `/${unique()}`)
    t.equal(head.status, 404)
    t.equal(head.text, '')
  })

  t.test('a change is seen by the very next redirect', async (t) => {
    const { id, short_code } = await createUrl(api)
    const path = `/${short_code}`
    const change = (json: unknown) => api('PUT', `/urls/${id}`, { json })
    t.equal((await api('GET', path)).status, 302)
    for (let round = 0; round < 3; round++) {
      const original_url = `https://example.org/${unique()}`
      await change({ original_url })
      t.equal((await api('GET', path)).headers.get('location'), original_url)
      await change({ is_active: false })
      for (const address of addresses(short_code)) isProblem(t, await api('GET', address), 404)
      await change({ is_active: true })
      t.equal((await api('GET', path)).headers.get('location'), original_url)
    }
    await api('DELETE', `/urls/${id}`)
    for (const address of addresses(short_code)) isProblem(t, await api('GET', address), 404)
    t.equal((await clicksOf(api, id, 7)).length, 7, 'a refused redirect is no click')
  })

  t.test('a code that was requested before its creation redirects as soon as it exists', async (t) => {
    const short_code = unique()
    isProblem(t, await api('GET', `/${short_code}`), 404)
    const { original_url } = await createUrl(api, { short_code })
    t.equal((await api('GET', `/${short_code}`)).headers.get('location'), original_url)
  })

  t.test('past its expiry a link is 410, and no event', async (t) => {
    const { id, short_code } = await createUrl(api, { expires_at: '2020-01-01T00:00:00' })
    for (const address of addresses(short_code)) isProblem(t, await api('GET', address), 410)
    t.same(await listEvents(api, `url_id=${id}&event_type=click`), [])
    await api('PUT', `/urls/${id}`, { json: { expires_at: '2999-01-01T00:00:00' } })
    t.equal((await api('GET', `/${short_code}`)).status, 302)
    await api('PUT', `/urls/${id}`, { json: { expires_at: null } })
    t.equal((await api('GET', `/${short_code}`)).status, 302)
    await api('PUT', `/urls/${id}`, { json: { is_active: false, expires_at: '2020-01-01T00:00:00' } })
    isProblem(t, await api('GET', `/${short_code}`), 404)
  })
})
