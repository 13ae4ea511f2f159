import t from 'tap'
import { createUrl, createUser, isProblem, listEvents, servedInEachMode, unique } from './subject.ts'

servedInEachMode(t, async (t, api) => {
  t.test('a created user is answered whole, and reads the same afterwards', async (t) => {
    const name = unique('brisk')
    const draft = { username: name, email: `${name}@example.com` }
    const { status, json: user } = await api('POST', '/users', { json: draft })
    t.equal(status, 201)
    t.same(Object.keys(user).sort(), ['created_at', 'email', 'id', 'username'])
    t.match(user, { ...draft, id: Number, created_at: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/ })
    t.ok(Number.isInteger(user.id) && user.id > 0)

    const read = await api('GET', `/users/${user.id}`)
    t.equal(read.status, 200)
    t.same(read.json, user)
  })

  t.test('the list is a plain array ordered by id', async (t) => {
    const first = await createUser(api)
    const second = await createUser(api)
    const { status, json: users } = await api('GET', '/users')
    t.equal(status, 200)
    const ids = users.map(({ id }: { id: number }) => id)
    t.same(
      ids,
      [...ids].sort((a: number, b: number) => a - b)
    )
    t.ok(ids.includes(first.id) && ids.includes(second.id))
  })

  t.test('a change takes any of the fields and leaves the others', async (t) => {
    const user = await createUser(api)
    const username = unique('renamed')
    const changed = await api('PUT', `/users/${user.id}`, { json: { username } })
    t.equal(changed.status, 200)
    t.same(changed.json, { ...user, username })
    const email = `${username}@example.com`
    t.same((await api('PUT', `/users/${user.id}`, { json: { email } })).json, { ...user, username, email })
    t.same((await api('PUT', `/users/${user.id}`, { json: {} })).json, { ...user, username, email })
    t.same((await api('GET', `/users/${user.id}`)).json, { ...user, username, email })
  })

  t.test('a deleted user is gone', async (t) => {
    const { id } = await createUser(api)
    const deleted = await api('DELETE', `/users/${id}`)
    t.equal(deleted.status, 204)
    t.equal(deleted.text, '')
    isProblem(t, await api('GET', `/users/${id}`), 404)
    isProblem(t, await api('DELETE', `/users/${id}`), 404)
    isProblem(t, await api('PUT', `/users/${id}`, { json: { username: unique() } }), 404)
  })

  t.test('a username or email has one holder, whatever the case', async (t) => {
    const holder = await createUser(api)
    const other = await createUser(api)
    const fresh = () => ({ username: unique('fresh'), email: `${unique('fresh')}@example.com` })
    for (const field of ['username', 'email'] as const) {
      for (const value of [holder[field], holder[field].toUpperCase()]) {
        isProblem(t, await api('POST', '/users', { json: { ...fresh(), [field]: value } }), 409, field)
        isProblem(t, await api('PUT', `/users/${other.id}`, { json: { [field]: value } }), 409, field)
      }
    }
    t.same((await api('GET', `/users/${other.id}`)).json, other, 'a refused change changes nothing')
  })

  t.test('a user may send its own values back, and change their case', async (t) => {
    const user = await createUser(api)
    const { username, email } = user
    t.same((await api('PUT', `/users/${user.id}`, { json: { username, email } })).json, user)
    const shout = { username: username.toUpperCase() }
    t.same((await api('PUT', `/users/${user.id}`, { json: shout })).json, { ...user, ...shout })
    isProblem(t, await api('POST', '/users', { json: { username, email: `${unique()}@example.com` } }), 409)
  })

  t.test('a username and an email are free again after a change or deletion', async (t) => {
    const { id, username, email } = await createUser(api)
    await api('DELETE', `/users/${id}`)
    const next = await createUser(api, { username, email })
    t.not(next.id, id, 'under an id of its own')
    await api('PUT', `/users/${next.id}`, { json: { username: unique(), email: `${unique()}@example.com` } })
    await createUser(api, { username, email })
  })

  t.test('of 50 concurrent requests for one email, one gets it', async (t) => {
    const email = `${unique('crowd')}@example.com`
    const ask = () => api('POST', '/users', { json: { username: unique('crowd'), email } })
    const answers = await Promise.all(Array.from({ length: 50 }, ask))
    t.equal(answers.filter(({ status }) => status === 201).length, 1)
    t.equal(answers.filter(({ status }) => status === 409).length, 49)
  })

  t.test('of 20 concurrent renames to one name, one gets it', async (t) => {
    const users = await Promise.all(Array.from({ length: 20 }, () => createUser(api)))
    const json = { username: unique('wanted') }
    const answers = await Promise.all(users.map(({ id }) => api('PUT', `/users/${id}`, { json })))
    t.equal(answers.filter(({ status }) => status === 200).length, 1)
    t.equal(answers.filter(({ status }) => status === 409).length, 19)
  })

  t.test('deleting a user keeps its urls, without an owner', async (t) => {
    const user = await createUser(api)
    const url = await createUrl(api, { user_id: user.id })
    t.equal((await api('DELETE', `/users/${user.id}`)).status, 204)
    t.match((await api('GET', `/urls/${url.id}`)).json, { user_id: null, is_active: true })
    t.equal((await api('GET', `/${url.short_code}`)).status, 302)
    const types = (await listEvents(api, `url_id=${url.id}`)).map(({ event_type }) => event_type)
    t.notOk(types.includes('deleted'))
  })

  t.test('with cascade its urls are deleted too, each with its event', async (t) => {
    const user = await createUser(api)
    const urls = [await createUrl(api, { user_id: user.id }), await createUrl(api, { user_id: user.id })]
    const gone = await createUrl(api, { user_id: user.id })
    const others = await createUrl(api)
    await api('DELETE', `/urls/${gone.id}`)
    t.equal((await api('DELETE', `/users/${user.id}?cascade=true`)).status, 204)
    for (const { id, short_code } of urls) {
      isProblem(t, await api('GET', `/urls/${id}`), 404)
      isProblem(t, await api('GET', `/${short_code}`), 404)
      t.match(await listEvents(api, `url_id=${id}&event_type=deleted`), [{ details: { reason: String } }])
    }
    t.equal((await listEvents(api, `url_id=${gone.id}&event_type=deleted`)).length, 1, 'none twice')
    t.equal((await api('GET', `/urls/${others.id}`)).status, 200, "others' urls stay")
  })

  t.test('cascade is yes or no', async (t) => {
    const user = await createUser(api)
    isProblem(t, await api('DELETE', `/users/${user.id}?cascade=perhaps`), 422, 'cascade')
    const url = await createUrl(api, { user_id: user.id })
    t.equal((await api('DELETE', `/users/${user.id}?cascade=False`)).status, 204)
    t.equal((await api('GET', `/urls/${url.id}`)).status, 200)
  })

  t.test('says which fields of a draft are to blame', async (t) => {
    const good = { username: unique(), email: `${unique()}@example.com` }
    const { username, email } = good
    const bad: [unknown, ...string[]][] = [
      [{}, 'username', 'email'],
      [{ username }, 'email'],
      [{ email }, 'username'],
      [{ username: 12345, email }, 'username'],
      [{ username: true, email }, 'username'],
      [{ username: null, email }, 'username'],
      [{ username: [username], email }, 'username'],
      [{ username: { name: username }, email }, 'username'],
      [{ username: '', email }, 'username'],
      [{ username: '   ', email }, 'username'],
      [{ username: 'x'.repeat(256), email }, 'username'],
      [{ username, email: 7 }, 'email'],
      [{ username, email: false }, 'email'],
      [{ username, email: 'nobody' }, 'email'],
      [{ username, email: '@example.com' }, 'email'],
      [{ username, email: `${'x'.repeat(250)}@example.com` }, 'email']
    ]
    for (const [json, ...paths] of bad) {
      t.comment(JSON.stringify(json))
      isProblem(t, await api('POST', '/users', { json }), 422, ...paths)
    }
    const user = await createUser(api)
    for (const json of [{ username: 5 }, { email: 'nobody' }, { username: null }, { email: '' }]) {
      isProblem(t, await api('PUT', `/users/${user.id}`, { json }), 422, ...Object.keys(json))
    }
    t.same((await api('GET', `/users/${user.id}`)).json, user)
  })

  t.test('an unknown member of a draft does no harm', async (t) => {
    const user = await createUser(api, { id: 1, created_at: '1970-01-01T00:00:00', admin: true })
    t.not(user.created_at, '1970-01-01T00:00:00')
    t.notOk('admin' in user)
  })
})
