import t from 'tap'
import {
  type Api,
  createUrl,
  createUser,
  isProblem,
  listEvents,
  servedInEachMode,
  unique
} from './subject.ts'

/** `PATCH` and `DELETE /api/links/bulk`: a result per item, by the rules of the routes of one link. */

const PATH = '/api/links/bulk'
const change = (api: Api, items: object[]) => api('PATCH', PATH, { json: { items } })
const remove = (api: Api, items: object[], more = {}) => api('DELETE', PATH, { json: { items, ...more } })
const makeUrls = (api: Api, count: number) => Promise.all(Array.from({ length: count }, () => createUrl(api)))

servedInEachMode(t, async (t, api) => {
  t.test('changes urls and returns a result for each, in the order of items', async (t) => {
    const [one, two] = await makeUrls(api, 2)
    const original_url = `https://example.com/${unique()}`
    for (const { short_code } of [one, two]) t.equal((await api('GET', `/${short_code}`)).status, 302)
    const { status, json } = await change(api, [
      { id: two.id, original_url, title: 'Two', expires_at: '2030-01-01 00:00:00' },
      { id: one.id, is_active: false }
    ])
    t.equal(status, 200)
    t.match(json.results, [
      {
        id: two.id,
        status: 200,
        url: { ...two, original_url, title: 'Two', expires_at: '2030-01-01T00:00:00', updated_at: /^\d/ }
      },
      { id: one.id, status: 200, url: { ...one, is_active: false, updated_at: /^\d/ } }
    ])
    t.equal(
      (await api('GET', `/${two.short_code}`)).headers.get('location'),
      original_url,
      'the cache is current'
    )
    t.equal((await api('GET', `/${one.short_code}`)).status, 404)
    t.same((await api('GET', `/urls/${two.id}`)).json, json.results[0].url)
    const events = await listEvents(api, `url_id=${two.id}&event_type=updated`)
    t.same(
      events.map(({ details }) => details),
      [
        { field: 'original_url', new_value: original_url },
        { field: 'title', new_value: 'Two' },
        { field: 'expires_at', new_value: '2030-01-01 00:00:00' }
      ].sort(
        (a, b) =>
          events.findIndex((e) => e.details.field === a.field) -
          events.findIndex((e) => e.details.field === b.field)
      )
    )
    const audit = (await api('GET', `/audit?resource=url&resource_id=${one.id}`)).json
    t.match(audit[0], { action: 'updated', before: { is_active: true }, after: { is_active: false } })
  })

  t.test('a bad item does not undo the others', async (t) => {
    const [one, two, three, four, five] = await makeUrls(api, 5)
    const { status, json } = await change(api, [
      { id: one.id, title: 'One' },
      { id: two.id, title: 7 },
      { id: three.id, original_url: 'https://me:secret@example.com/' },
      { id: 999_999_999, title: 'None' },
      { id: four.id, version: 9, title: 'Four' },
      { id: five.id, version: 1, title: 'Five' }
    ])
    t.equal(status, 200)
    t.match(json.results, [
      { id: one.id, status: 200, version: 2, url: { title: 'One' } },
      { id: two.id, status: 422, problem: { code: 'INPUT_INVALID', errors: [{ path: 'title' }] } },
      { id: three.id, status: 422, problem: { code: 'URL_TARGET_REFUSED' } },
      { id: 999_999_999, status: 404, problem: { code: 'URL_UNKNOWN', instance: PATH } },
      { id: four.id, status: 412, problem: { code: 'PRECONDITION_FAILED' } },
      { id: five.id, status: 200, url: { title: 'Five' } }
    ])
    t.equal(json.results.length, 6)
    for (const { id } of [two, three, four]) t.equal((await api('GET', `/urls/${id}`)).json.title, null)
    t.match((await change(api, [{ id: five.id, version: 1, title: 'Six' }])).json.results, [{ status: 412 }])
    t.match((await change(api, [{ id: five.id, version: 2, title: 'Six' }])).json.results, [{ status: 200 }])
  })

  t.test('an equal value changes nothing, and ignored fields are named', async (t) => {
    const [one] = await makeUrls(api, 1)
    const { json } = await change(api, [
      { id: one.id, is_active: true, titel: 'x', state: 'other', user_id: one.user_id }
    ])
    t.equal(json.results[0].url.updated_at, one.updated_at)
    t.match(json.results[0].url.warnings, [/titel is not a field/, /state is read-only/])
    t.equal(json.results[0].url.warnings.length, 2)
    t.same(await listEvents(api, `url_id=${one.id}&event_type=updated`), [])
  })

  t.test('removes urls with the reason', async (t) => {
    const [one, two] = await makeUrls(api, 2)
    t.equal((await api('GET', `/${one.short_code}`)).status, 302)
    const { status, json } = await remove(
      api,
      [{ id: one.id }, { id: two.id, version: 3 }, { id: 999_999_999 }],
      { reason: 'spam' }
    )
    t.equal(status, 200)
    t.match(json.results, [{ id: one.id, status: 204 }, { status: 412 }, { status: 404 }])
    t.equal((await api('GET', `/${one.short_code}`)).status, 404)
    t.equal((await api('GET', `/urls/${two.id}`)).status, 200)
    const [event] = await listEvents(api, `url_id=${one.id}&event_type=deleted`)
    t.match(event, { details: { reason: 'spam' } })
    t.match((await remove(api, [{ id: one.id }])).json.results, [{ status: 404 }], 'a repeat changes nothing')
    const audit = (await api('GET', `/audit?resource=url&resource_id=${one.id}`)).json
    t.match(audit[0], { action: 'deleted', before: { short_code: one.short_code } })
  })

  t.test('refuses the whole request if it can not tell the items apart', async (t) => {
    const [one, two] = await makeUrls(api, 2)
    const repeated = [
      { id: one.id, title: 'a' },
      { id: two.id, title: 'b' },
      { id: one.id, title: 'c' }
    ]
    isProblem(t, await change(api, repeated), 422, 'items.2.id')
    isProblem(t, await remove(api, repeated), 422, 'items.2.id')
    isProblem(t, await change(api, [{ id: one.id, title: 'a' }, { title: 'b' }]), 422, 'items.1.id')
    isProblem(t, await change(api, [{ id: '1' }]), 422, 'items.0.id')
    isProblem(t, await change(api, []), 422, 'items')
    isProblem(
      t,
      await remove(
        api,
        Array.from({ length: 1_001 }, (_, at) => ({ id: at + 1 }))
      ),
      422,
      'items.1000'
    )
    isProblem(t, await api('PATCH', PATH, { json: {} }), 422, 'items')
    isProblem(t, await api('DELETE', PATH), 400)
    isProblem(t, await api('POST', PATH, { json: {} }), 405)
    t.equal((await api('GET', `/urls/${one.id}`)).json.title, null)
  })

  t.test('takes 1,000 items', async (t) => {
    const csv = Array.from({ length: 1_000 }, () => `https://example.com/${unique()}`).join('\n')
    const headers = { 'content-type': 'text/csv' }
    const owner = await createUser(api)
    const body = `user_id,original_url\n${csv.replaceAll(/^/gm, `${owner.id},`)}\n`
    t.equal((await api('POST', '/urls/bulk', { headers, body })).json.imported, 1_000)
    const urls = (await api('GET', `/urls?user_id=${owner.id}`)).json
    const title = 'x'.repeat(500)
    const { status, json } = await change(
      api,
      urls.map(({ id }: { id: number }) => ({ id, title: `${title}${id}`, is_active: false }))
    )
    t.equal(status, 200)
    t.equal(json.results.filter((one: { status: number }) => one.status === 200).length, 1_000)
    const removed = await remove(
      api,
      urls.map(({ id }: { id: number }) => ({ id }))
    )
    t.equal(removed.json.results.filter((one: { status: number }) => one.status === 204).length, 1_000)
    t.same((await api('GET', `/urls?user_id=${owner.id}`)).json, [])
  })
})
