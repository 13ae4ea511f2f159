import t from 'tap'
import { createUrl, createUser, isProblem, listEvents, servedInEachMode, unique } from './subject.ts'

/** Deletions that are taken back, and the history of links. */

servedInEachMode(t, async (t, api) => {
  const restore = (id: number, headers: Record<string, string> = {}) =>
    api('POST', `/urls/${id}/restore`, { headers })

  t.test('a restored link is as it was, redirects again, and has a restored event', async (t) => {
    const { id: user_id } = await createUser(api)
    const url = await createUrl(api, { user_id, title: 'A', note: 'B', short_code: unique('back') })
    const path = `/${url.short_code}`
    t.equal((await api('GET', path)).status, 302)
    await api('DELETE', `/urls/${url.id}`)
    isProblem(t, await api('GET', path), 404)
    isProblem(t, await api('POST', '/urls', { json: { ...url, short_code: url.short_code } }), 409)
    const restored = await restore(url.id)
    t.match(restored, { status: 200, json: { ...url, updated_at: String } })
    t.equal((await api('GET', path)).status, 302)
    const read = await api('GET', `/urls/${url.id}`)
    t.same(read.json, restored.json)
    t.equal(read.headers.get('etag'), restored.headers.get('etag'))
    t.same(
      (await api('GET', `/urls?short_code=${url.short_code}`)).json.map(({ id }: { id: number }) => id),
      [url.id]
    )
    const events = await listEvents(api, `url_id=${url.id}&event_type=restored`)
    t.match(events, [{ user_id, details: { short_code: url.short_code } }])
  })

  t.test('a restored link stays inactive or expired if it was', async (t) => {
    const off = await createUrl(api, { is_active: false })
    const ended = await createUrl(api, { expires_at: '2020-01-01T00:00:00' })
    for (const [{ id, short_code }, status] of [[off, 404] as const, [ended, 410] as const]) {
      await api('DELETE', `/urls/${id}`)
      t.equal((await restore(id)).status, 200)
      isProblem(t, await api('GET', `/${short_code}`), status)
    }
  })

  t.test('a link that is not deleted stays as it is', async (t) => {
    const url = await createUrl(api)
    for (let times = 0; times < 2; times++) t.match(await restore(url.id), { status: 200, json: url })
    t.same(
      (await listEvents(api, `url_id=${url.id}`)).map(({ event_type }) => event_type),
      ['created']
    )
    isProblem(t, await restore(999_999_999_999), 404)
    isProblem(t, await api('POST', '/urls/x/restore'), 404)
  })

  t.test('of restorations at once each succeeds, with one event', async (t) => {
    const { id } = await createUrl(api)
    await api('DELETE', `/urls/${id}`)
    const answers = await Promise.all(Array.from({ length: 8 }, () => restore(id)))
    t.same(new Set(answers.map(({ status }) => status)), new Set([200]))
    t.equal((await listEvents(api, `url_id=${id}&event_type=restored`)).length, 1)
  })

  t.test('a restoration of another version is refused', async (t) => {
    const { id } = await createUrl(api)
    const before = String((await api('GET', `/urls/${id}`)).headers.get('etag'))
    await api('DELETE', `/urls/${id}`)
    const refused = await restore(id, { 'if-match': before })
    isProblem(t, refused, 412)
    isProblem(t, await api('GET', `/urls/${id}`), 404)
    const current = String(refused.headers.get('etag'))
    t.not(current, before)
    t.equal((await restore(id, { 'if-match': current })).status, 200)
  })

  t.test('the history of a link has each change, newest first, also after its deletion', async (t) => {
    const { id, original_url } = await createUrl(api, { title: 'A' })
    await api('GET', `/urls/${id}`)
    await api('PATCH', `/urls/${id}`, { json: { title: 'B', is_active: false } })
    await api('DELETE', `/urls/${id}`)
    const path = `/urls/${id}/history`
    const deleted = await api('GET', path)
    t.match(deleted, {
      status: 200,
      json: [
        { action: 'deleted', before: { original_url, title: 'B', is_active: false }, after: null },
        {
          action: 'updated',
          before: { title: 'A', is_active: true },
          after: { title: 'B', is_active: false }
        },
        { action: 'created', before: null, after: { original_url, title: 'A' } }
      ]
    })
    t.same(Object.keys(deleted.json[0]), ['id', 'timestamp', 'actor', 'action', 'before', 'after'])
    t.equal(deleted.headers.get('link'), null)
    await restore(id)
    t.match((await api('GET', path)).json[0], { action: 'restored', after: { title: 'B' } })
    isProblem(t, await api('GET', '/urls/999999999999/history'), 404)
    isProblem(t, await api('GET', `${path}?limit=0`), 422, 'limit')
    isProblem(t, await api('GET', `${path}?page=2`), 422, 'page')
  })

  t.test('the history has pages, which later changes do not shift', async (t) => {
    const { id } = await createUrl(api)
    const rename = (title: string) => api('PUT', `/urls/${id}`, { json: { title } })
    for (const title of ['1', '2', '3', '4']) await rename(title)
    const seen: unknown[] = []
    for (let path: string | undefined = `/urls/${id}/history?limit=2`; path !== undefined; ) {
      const { json, headers } = await api('GET', path)
      seen.push(...json.map(({ after }: { after: { title: string | null } }) => after.title))
      await rename(unique())
      path = /^<([^>]+)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1]
    }
    t.same(seen, ['4', '3', '2', '1', null])
  })
})
