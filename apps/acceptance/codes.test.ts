import t from 'tap'
import { createUrl, isProblem, listEvents, served, unique } from './subject.ts'

const draft = { original_url: 'https://example.com' }

served(t, async (t, api) => {
  t.test("a code of one's own is taken as it is", async (t) => {
    for (const short_code of [
      unique(),
      `${unique()}-a_b`,
      unique().toUpperCase(),
      `-${unique()}`,
      'x'.repeat(52) + unique()
    ]) {
      t.equal((await createUrl(api, { short_code })).short_code, short_code)
    }
    const word = unique('short')
    const short = await api('POST', '/shorten', { json: { url: 'https://example.com', short_code: word } })
    t.equal(short.json.short_code, word)
  })

  t.test('case tells codes apart', async (t) => {
    const code = unique('case')
    const lower = await createUrl(api, { short_code: code })
    const upper = await createUrl(api, { short_code: code.toUpperCase() })
    t.equal((await api('GET', `/${code}`)).headers.get('location'), lower.original_url)
    t.equal((await api('GET', `/${code.toUpperCase()}`)).headers.get('location'), upper.original_url)
  })

  t.test('a taken code is 409, that of a deleted url too, and nothing is created', async (t) => {
    const short_code = unique()
    const { id } = await createUrl(api, { short_code })
    isProblem(t, await api('POST', '/urls', { json: { ...draft, short_code } }), 409, 'short_code')
    isProblem(t, await api('POST', '/shorten', { json: { url: draft.original_url, short_code } }), 409)
    await api('DELETE', `/urls/${id}`)
    isProblem(t, await api('POST', '/urls', { json: { ...draft, short_code } }), 409)
    t.equal((await listEvents(api, `url_id=${id}&event_type=created`)).length, 1)
  })

  t.test('of 50 concurrent requests for one code, one gets it', async (t) => {
    const short_code = unique('crowd')
    const ask = () =>
      api('POST', '/urls', { json: { original_url: `https://example.com/${unique()}`, short_code } })
    const answers = await Promise.all(Array.from({ length: 50 }, ask))
    const [winner, ...others] = answers.filter(({ status }) => status === 201)
    t.same(others, [])
    t.equal(answers.filter(({ status }) => status === 409).length, 49)
    t.same((await api('GET', `/urls?q=${short_code}`)).json, [winner?.json])
  })

  t.test('100 urls created at once get 100 codes', async (t) => {
    const urls = await Promise.all(Array.from({ length: 100 }, () => createUrl(api)))
    t.equal(new Set(urls.map(({ short_code }) => short_code)).size, 100)
  })

  t.test('refuses a code with other letters, too long, or of the wrong type', async (t) => {
    for (const short_code of [
      '',
      ' ',
      'a b',
      'a/b',
      'a?b',
      'a#b',
      'a.b',
      'é',
      '🎉',
      '%41',
      'x'.repeat(65),
      5,
      true,
      []
    ]) {
      t.comment(JSON.stringify(short_code))
      isProblem(t, await api('POST', '/urls', { json: { ...draft, short_code } }), 422)
    }
  })

  t.test("the server's own words can not be codes, in any case", async (t) => {
    for (const short_code of [
      'users',
      'URLS',
      'Events',
      'health',
      'metrics',
      's',
      'shorten',
      'docs',
      'api'
    ]) {
      isProblem(t, await api('POST', '/urls', { json: { ...draft, short_code } }), 422, 'short_code')
    }
  })

  t.test('digits are an id behind /urls and a code behind /', async (t) => {
    const short_code = String(Date.now())
    const url = await createUrl(api, { short_code })
    isProblem(t, await api('GET', `/urls/${short_code}`), 404)
    t.equal((await api('GET', `/${short_code}`)).headers.get('location'), url.original_url)
    t.equal((await api('GET', `/s/${short_code}`)).headers.get('location'), url.original_url)
    t.equal((await api('GET', `/urls/${short_code}/redirect`)).headers.get('location'), url.original_url)
    t.equal((await api('GET', `/urls/${url.id}`)).json.short_code, short_code)
  })
})
