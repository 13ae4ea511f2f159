import t from 'tap'
import { readSvg } from '#testing/read-qr.ts'
import { clicksOf, createUrl, isProblem, listEvents, servedInEachMode, unique } from './subject.ts'

servedInEachMode(t, async (t, api) => {
  t.test('the code of a link encodes its short URL, marked as a scan', async (t) => {
    for (const short_code of [unique(), 'Q'.repeat(56) + unique().slice(0, 8)]) {
      const link = await createUrl(api, { short_code })
      for (const path of [`/${short_code}/qr`, `/s/${short_code}/qr`, `/${short_code}/qr/`]) {
        const answer = await api('GET', path)
        t.equal(answer.status, 200, path)
        t.equal(readSvg(answer.text), `${link.short_url}?qr=1`)
      }
      t.same(await listEvents(api, `url_id=${link.id}&event_type=click`), [], 'no click')
    }
  })

  t.test('qr is a code like any other', async (t) => {
    await api('POST', '/urls', { json: { original_url: 'https://example.com/', short_code: 'qr' } })
    t.equal((await api('GET', '/s/qr')).status, 302, 'not the QR code of s, which is reserved')
    for (const path of ['/qr/qr', '/s/qr/qr'])
      t.match(readSvg((await api('GET', path)).text), /\/qr\?qr=1$/, path)
  })

  t.test('an image says what it is, and can run nothing', async (t) => {
    const { short_code } = await createUrl(api)
    const answer = await api('GET', `/${short_code}/qr?size=300&color=1b2f4d&background=%23ffe`)
    const header = (name: string) => answer.headers.get(name)
    t.match(header('content-type'), 'image/svg+xml')
    t.equal(header('content-disposition'), `inline; filename="${short_code}.svg"`)
    t.equal(header('x-content-type-options'), 'nosniff')
    t.match(header('content-security-policy'), /^default-src 'none'; .*sandbox/)
    t.match(header('cache-control'), /^(public|private), max-age=\d+$/)
    t.match(answer.text, /width="300" height="300".* fill="rgb\(255,255,238\)".* fill="rgb\(27,47,77\)"/)
    const head = await api('HEAD', `/${short_code}/qr`)
    t.match([head.status, head.text], [200, ''])
  })

  t.test('the format is that of the query, else that of Accept', async (t) => {
    const { short_code } = await createUrl(api)
    const typeOf = async (query: string, accept?: string) => {
      const headers: Record<string, string> = accept === undefined ? {} : { accept }
      return (await api('GET', `/${short_code}/qr${query}`, { headers })).headers.get('content-type')
    }
    t.same(
      await Promise.all([
        typeOf(''),
        typeOf('?format=png'),
        typeOf('', 'image/png'),
        typeOf('', 'image/png;q=0.5, image/svg+xml'),
        typeOf('', 'text/html'),
        typeOf('?format=svg', 'image/png')
      ]),
      ['image/svg+xml', 'image/png', 'image/png', 'image/svg+xml', 'image/svg+xml', 'image/svg+xml']
    )
  })

  t.test('an unchanged image is 304', async (t) => {
    const { short_code } = await createUrl(api)
    const path = `/${short_code}/qr?format=png`
    const first = await api('GET', path)
    const etag = first.headers.get('etag') ?? ''
    const again = await api('GET', path, { headers: { 'if-none-match': `"x", ${etag}` } })
    t.match([again.status, again.text, again.headers.get('etag')], [304, '', etag])
    const other = await api('GET', `${path}&size=100`, { headers: { 'if-none-match': etag } })
    t.equal(other.status, 200, 'other images have other tags')
  })

  t.test('a code has an image exactly while its link answers visitors', async (t) => {
    const past = '2020-01-01T00:00:00'
    const future = '2999-01-01T00:00:00'
    const expected: [string, Record<string, unknown>, number][] = [
      ['active', {}, 200],
      ['inactive', { is_active: false }, 404],
      ['scheduled', { starts_at: future }, 404],
      ['expired', { expires_at: past }, 410],
      ['expired with a target', { expires_at: past, expired_url: 'https://example.org/' }, 200]
    ]
    const found: unknown[] = []
    for (const [name, fields] of expected) {
      const { short_code } = await createUrl(api, fields)
      found.push([name, fields, (await api('GET', `/${short_code}/qr`)).status])
    }
    t.same(found, expected)
    for (const code of [unique(), 'x'.repeat(65), '%20', 'a.b'])
      isProblem(t, await api('GET', `/${code}/qr`), 404)
    const { id, short_code } = await createUrl(api)
    t.equal((await api('GET', `/${short_code}/qr`)).status, 200)
    await api('DELETE', `/urls/${id}`)
    isProblem(t, await api('GET', `/${short_code}/qr`), 404)
  })

  t.test('a query that gives no readable image names the parameter', async (t) => {
    const { short_code } = await createUrl(api)
    const refused: [query: string, path: string][] = [
      ['format=gif', 'format'],
      ['size=63', 'size'],
      ['size=2049', 'size'],
      ['size=1e3x', 'size'],
      ['margin=-1', 'margin'],
      ['margin=17', 'margin'],
      ['color=red', 'color'],
      ['color=%22/%3E%3Cscript%3E', 'color'],
      ['background=12345', 'background'],
      ['color=fff&background=000', 'color'],
      ['color=999', 'color'],
      ['error_correction=X', 'error_correction'],
      ['size=64&margin=16&error_correction=H', 'size'],
      ['colour=000', 'colour']
    ]
    for (const [query, path] of refused) {
      const answer = await api('GET', `/${short_code}/qr?${query}`)
      isProblem(t, answer, 422, path)
      t.match(answer.headers.get('cache-control'), 'no-store', query)
      t.notOk(answer.headers.has('etag'), query)
    }
  })

  t.test('a scan counts as one, and its mark is not forwarded', async (t) => {
    const target = 'https://example.com/a?b=1'
    const { id, short_code } = await createUrl(api, { original_url: target, forward_query: true })
    const visits: [path: string, location: string][] = [
      [`/${short_code}?qr=1`, target],
      [`/s/${short_code}?c=2&qr=1`, `${target}&c=2`],
      [`/${short_code}?qr=2`, `${target}&qr=2`],
      [`/${short_code}`, target]
    ]
    const locations: (string | null)[] = []
    for (const [path] of visits) locations.push((await api('GET', path)).headers.get('location'))
    t.same(
      locations,
      visits.map(([, location]) => location)
    )
    const clicks = await clicksOf(api, id, 4)
    t.same(
      clicks.map(({ details }) => details.source),
      ['qr', 'qr', undefined, undefined]
    )
  })

  t.test('a scan of an expired link counts with both details', async (t) => {
    const { id, short_code } = await createUrl(api, {
      expires_at: '2020-01-01T00:00:00',
      expired_url: 'https://example.org/'
    })
    await api('GET', `/${short_code}?qr=1`)
    const [click] = await clicksOf(api, id, 1)
    t.match(click.details, { source: 'qr', outcome: 'expired' })
  })
})
