import t from 'tap'
import { type Api, createUrl, createUser, isProblem, servedInEachMode, unique } from './subject.ts'

/** Tags of links, and the tags of the installation. */

const tag = (api: Api, method: string, name: string, json?: object, more = '') =>
  api(method, `/api/tags/${encodeURIComponent(name)}${more}`, json === undefined ? {} : { json })

async function find(api: Api, name: string) {
  const { json } = await api('GET', `/api/tags?q=${encodeURIComponent(name)}`)
  return json.find((one: { name: string }) => one.name === name)
}

const tagsOf = async (api: Api, id: number) => (await api('GET', `/urls/${id}`)).json.tags

servedInEachMode(t, async (t, api) => {
  t.test('a link has its tags trimmed, in lower case, each once and in order', async (t) => {
    const word = unique()
    const url = await createUrl(api, { tags: [` Ü ${word}`, 'B', 'a', 'b', `A/${word} %2F?#`] })
    const stored = ['a', `a/${word} %2f?#`, 'b', `ü ${word}`]
    t.same(url.tags, stored)
    t.same((await createUrl(api)).tags, [])
    t.same((await api('GET', `/urls?short_code=${url.short_code}`)).json[0].tags, stored)
    const { version } = { version: (await api('GET', `/urls/${url.id}`)).headers.get('etag') }
    const same = await api('PATCH', `/urls/${url.id}`, { json: { tags: [...stored].reverse() } })
    t.same([same.status, same.headers.get('etag')], [200, version], 'the same tags change nothing')
    t.same((await api('PUT', `/urls/${url.id}`, { json: { title: 'x' } })).json.tags, stored)
    t.same((await api('PATCH', `/urls/${url.id}`, { json: { tags: null } })).json.tags, [])
    const events = (await api('GET', `/events?url_id=${url.id}&event_type=updated`)).json
    t.match(events[1], { details: { field: 'tags', new_value: null } })
    const [entry] = (await api('GET', `/audit?resource=url&resource_id=${url.id}`)).json
    t.match(entry, { before: { tags: stored }, after: { tags: [] } })
    const bulk = await api('PATCH', '/api/links/bulk', { json: { items: [{ id: url.id, tags: ['Z'] }] } })
    t.same(bulk.json.results[0].url.tags, ['z'])
  })

  t.test('unusable tags are refused, and change nothing', async (t) => {
    const url = await createUrl(api, { tags: ['kept'] })
    const many = Array.from({ length: 21 }, (_, at) => `t${at}`)
    isProblem(t, await api('PATCH', `/urls/${url.id}`, { json: { tags: many } }), 422, 'tags.20')
    isProblem(
      t,
      await api('POST', '/urls', { json: { original_url: url.original_url, tags: many } }),
      422,
      'tags.20'
    )
    t.equal((await api('PATCH', `/urls/${url.id}`, { json: { tags: many.slice(1) } })).status, 200)
    await api('PATCH', `/urls/${url.id}`, { json: { tags: ['kept'] } })
    const wrong = ['', ' ', 'x'.repeat(65), 'a,b', 'a|b', 'a\nb', '\u200b', '..', ' . ', 7, null]
    const accepted = []
    for (const name of wrong) {
      const answer = await api('PATCH', `/urls/${url.id}`, { json: { tags: ['good', name] } })
      if (answer.status !== 422 || answer.json.errors[0].path !== 'tags.1') accepted.push([name, answer.text])
    }
    t.same(accepted, [])
    t.same(await tagsOf(api, url.id), ['kept'])
  })

  t.test('a name that is too long in lower case is refused', async (t) => {
    const [fits, grows] = ['İ'.repeat(32), 'İ'.repeat(33)]
    const url = await createUrl(api, { tags: [fits] })
    t.same(await tagsOf(api, url.id), [fits.toLowerCase()])
    isProblem(t, await api('PATCH', `/urls/${url.id}`, { json: { tags: [grows] } }), 422, 'tags.0')
    isProblem(t, await api('POST', '/api/tags', { json: { name: grows } }), 422, 'name')
    isProblem(t, await tag(api, 'PATCH', fits, { name: grows }), 422, 'name')
    const body = `original_url,tags\nhttps://example.com/,${grows}`
    const report = await api('POST', '/urls/bulk', { body, headers: { 'content-type': 'text/csv' } })
    t.match(report.json, { imported: 0, errors: [{ line: 2, reason: /^tags holds/ }] })
  })

  t.test('tags are created, coloured and deleted', async (t) => {
    const name = unique('Tag ')
    const stored = name.toLowerCase()
    const made = await api('POST', '/api/tags', { json: { name: ` ${name}`, color: '#2f6fde' } })
    t.same([made.status, made.json], [201, { name: stored, color: '#2f6fde', links: 0 }])
    isProblem(t, await api('POST', '/api/tags', { json: { name } }), 409, 'name')
    t.same(await find(api, stored), made.json)
    t.match((await tag(api, 'PATCH', name, { color: null })).json, { name: stored, color: null })
    const url = await createUrl(api, { tags: [name, 'other'] })
    t.match(await find(api, stored), { links: 1 })
    t.equal((await tag(api, 'DELETE', name)).status, 204)
    t.same(await tagsOf(api, url.id), ['other'])
    t.equal(await find(api, stored), undefined)
    const actions = (await api('GET', `/audit?resource=tag&resource_id=${encodeURIComponent(stored)}`)).json
    t.same(
      actions.map(({ action }: { action: string }) => action),
      ['deleted', 'updated', 'created']
    )
    for (const answer of [
      await tag(api, 'DELETE', name),
      await tag(api, 'PATCH', name, { color: null }),
      await tag(api, 'POST', name, { into: 'other' }, '/merge')
    ])
      isProblem(t, answer, 404)
    isProblem(t, await api('POST', '/api/tags', { json: { name: unique(), color: 'red' } }), 422, 'color')
  })

  t.test('a new name is on all links, and their caches are current', async (t) => {
    const [from, to] = [unique('from/'), unique('to')]
    const [one, two, deleted] = [
      await createUrl(api, { tags: [from, 'x'] }),
      await createUrl(api, { tags: [from, to] }),
      await createUrl(api, { tags: [from] })
    ]
    await api('DELETE', `/urls/${deleted.id}`)
    const before = (await api('GET', `/urls/${one.id}`)).headers.get('etag')
    t.match(await find(api, from), { links: 2, color: null })
    isProblem(t, await tag(api, 'PATCH', from, { name: to }), 409, 'name')
    const third = unique('third')
    const renamed = await tag(api, 'PATCH', from, { name: third.toUpperCase(), color: '#000000' })
    t.same([renamed.status, renamed.json], [200, { name: third, color: '#000000', links: 2 }])
    const after = await api('GET', `/urls/${one.id}`)
    t.same(after.json.tags, [third, 'x'].sort())
    t.not(after.headers.get('etag'), before)
    t.equal((await api('GET', `/urls?tags=${encodeURIComponent(from)}`)).json.length, 0)
    t.equal((await api('GET', `/urls?tags=${third}`)).json.length, 2)
    isProblem(t, await tag(api, 'POST', third, { into: unique() }, '/merge'), 404, 'into')
    isProblem(t, await tag(api, 'POST', third, { into: ` ${third}` }, '/merge'), 422, 'into')
    const merged = await tag(api, 'POST', third, { into: to }, '/merge')
    t.match([merged.status, merged.json], [200, { name: to, links: 2 }])
    t.same(await tagsOf(api, two.id), [to])
    t.equal(await find(api, third), undefined)
    t.same((await api('POST', `/urls/${deleted.id}/restore`)).json.tags, [to])
    t.equal((await api('GET', `/${one.short_code}`)).status, 302)
  })

  t.test('a new name is on more links than one batch changes', async (t) => {
    const [from, to] = [unique('many'), unique('renamed')]
    const lines = Array.from({ length: 1_001 }, (_, at) => `https://example.com/${at},${from}`)
    const body = ['original_url,tags', ...lines].join('\n')
    await api('POST', '/urls/bulk', { body, headers: { 'content-type': 'text/csv' } })
    t.match(await find(api, from), { links: 1_001 })
    t.equal((await tag(api, 'PATCH', from, { name: to })).status, 200)
    t.same([await find(api, from), (await find(api, to)).links], [undefined, 1_001])
  })

  t.test('state=deleted lists deleted links, which no other list has', async (t) => {
    const user = await createUser(api)
    const [gone, kept] = [
      await createUrl(api, { user_id: user.id }),
      await createUrl(api, { user_id: user.id })
    ]
    await api('DELETE', `/urls/${gone.id}`)
    const read = async (query: string) =>
      (await api('GET', `/urls?user_id=${user.id}&${query}`)).json.map(
        ({ id, state }: { id: number; state: string }) => [id, state]
      )
    for (const more of ['', '&sort=-created_at', '&page=1'])
      t.same(await read(`state=deleted${more}`), [[gone.id, 'deleted']])
    t.same(await read(''), [[kept.id, 'active']])
    isProblem(t, await api('GET', '/urls?state=lost'), 422, 'state')
  })

  t.test('files have tags with | between them, and read JSON arrays too', async (t) => {
    const codes = Array.from({ length: 4 }, () => unique('c'))
    const lines = [' B|a|b', '"[""x y"",""[z""]"', '', 'a,b'].map(
      (tags, at) => `https://example.com/,${codes[at]},${at === 3 ? '"a,b"' : tags}`
    )
    const body = ['original_url,short_code,tags', ...lines].join('\n')
    const report = await api('POST', '/urls/bulk', { body, headers: { 'content-type': 'text/csv' } })
    t.match(report.json, { imported: 3, rejected: 1, errors: [{ line: 5, reason: /^tags holds "a,b"/ }] })
    const found = []
    for (const code of codes.slice(0, 3))
      found.push((await api('GET', `/urls?short_code=${code}`)).json[0].tags)
    t.same(found, [['a', 'b'], ['[z', 'x y'], []])
  })
})
