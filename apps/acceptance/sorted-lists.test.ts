import fc from 'fast-check'
import type { Test } from 'tap'
import t from 'tap'
import type { AuditEntry } from '#schema/shapes/audit.ts'
import type { Event } from '#schema/shapes/event.ts'
import type { Key } from '#schema/shapes/key.ts'
import type { Url } from '#schema/shapes/url.ts'
import type { User } from '#schema/shapes/user.ts'
import type { Answer } from '#testing/app.ts'
import { type Api, createUrl, createUser, isProblem, served, unique } from './subject.ts'

/** Lists with `sort`, `after` and filters agree with a model, and a walk visits each row once. */

type Value = string | number | null

interface Row {
  id: string | number
}

/** The value of a field that a list sorts by. */
const fieldOf = (row: object, name: string): Value => (row as Record<string, Value>)[name] ?? null

const nextOf = ({ headers }: Answer): string | undefined =>
  /<([^>]+)>; rel="next"/.exec(headers.get('link') ?? '')?.[1]

/** Follows `Link` from `path` on; returns the rows of all pages. */
async function walk<Kind extends Row>(api: Api, path: string): Promise<Kind[]> {
  const rows: Kind[] = []
  for (let next: string | undefined = path; next !== undefined; ) {
    const answer = await api('GET', next)
    if (answer.status !== 200) throw new Error(`${next}: ${answer.status} ${answer.text}`)
    const url = new URL(next, 'http://a')
    const most = Number(url.searchParams.get('per_page') ?? 50)
    next = nextOf(answer)
    if (answer.json.length > most || (next !== undefined && answer.json.length !== most))
      throw new Error(`${url}: ${answer.json.length} rows, next ${next}`)
    rows.push(...answer.json)
  }
  return rows
}

const compareTexts = (one: string, other: string) => Buffer.compare(Buffer.from(one), Buffer.from(other))

/** Compares two values of the same type as PostgreSQL does. */
function compareValues(one: string | number, other: string | number): number {
  return typeof one === 'string' ? compareTexts(one, String(other)) : one - Number(other)
}

/** Sorts as the API does: nothing comes last, and ids break ties. */
function sorted<Kind extends Row>(
  rows: Kind[],
  sort: string,
  sortValue: (row: Kind, name: string) => Value
): Kind[] {
  const name = sort.replace(/^-/, '')
  const sign = sort.startsWith('-') ? -1 : 1
  return rows.toSorted((a, b) => {
    const [one, other] = [sortValue(a, name), sortValue(b, name)]
    if (one === null || other === null)
      return Number(one === null) - Number(other === null) || sign * compareValues(a.id, b.id)
    return sign * (compareValues(one, other) || compareValues(a.id, b.id))
  })
}

const lowerAscii = (text: string) => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())

interface Model<Kind extends Row> {
  /** The path with the filter that isolates the rows of this test. */
  path: string
  rows: Kind[]
  sorts: string[]
  sortValue: (row: Kind, name: string) => Value
  /** Filters by their text in the query, with their model. */
  filters: Record<string, (row: Kind) => boolean>
}

/** Checks random walks, and each sort once. */
async function checkModel<Kind extends Row>(
  t: Test,
  api: Api,
  { path, rows, sorts, sortValue, filters }: Model<Kind>
): Promise<void> {
  const check = async (sort: string, perPage: number, chosen: string[]) => {
    const query = [`sort=${sort}`, `per_page=${perPage}`, ...chosen].join('&')
    const found = await walk(api, `${path}&${query}`)
    const wanted = rows.filter((row) => chosen.every((filter) => filters[filter]?.(row)))
    const model = sorted(wanted, sort, sortValue).map(({ id }) => id)
    if (String(found.map(({ id }) => id)) !== String(model))
      throw new Error(`${query}: ${found.map(({ id }) => id)} instead of ${model}`)
    const counted = await api('GET', `${path}&${query}&count=true`)
    const total = `${counted.headers.get('x-total-count')} ${counted.headers.get('x-total-count-relation')}`
    if (total !== `${wanted.length} eq`) throw new Error(`${query}: count ${total} of ${wanted.length}`)
    const numbered = await api('GET', `${path}&${chosen.join('&')}`)
    if (numbered.json.length !== wanted.length) throw new Error(`${chosen}: ${numbered.json.length} numbered`)
  }
  const both = sorts.flatMap((name) => [name, `-${name}`])
  for (const sort of both) for (const perPage of [4, 1_000]) await check(sort, perPage, [])
  for (const filter of Object.keys(filters)) await check('id', 7, [filter])
  const chosen = fc.uniqueArray(fc.constantFrom(...Object.keys(filters)), {
    maxLength: 3,
    selector: (filter) => filter.split('=', 1)[0]
  })
  await fc.assert(fc.asyncProperty(fc.constantFrom(...both), fc.integer({ min: 1, max: 9 }), chosen, check), {
    numRuns: 25
  })
  t.pass(`${both.length} orders and ${Object.keys(filters).length} filters agree with the model`)
}

served(t, async (t, api) => {
  t.test('links', async (t) => {
    const word = unique('w')
    const users = [(await createUser(api)).id, (await createUser(api)).id]
    const times = ['2020-01-01T00:00:00', '2020-01-01T00:00:01', '2024-02-29T12:00:00', '0900-01-01T00:00:00']
    const titles = [
      null,
      '',
      'a',
      'A',
      'b',
      'Äpfel',
      'äpfel',
      'İstanbul',
      '東京都庁',
      '😀',
      'x'.repeat(80),
      `${'x'.repeat(80)}y`
    ]
    const drafts = Array.from({ length: 48 }, (_, at) => ({
      user_id: [null, ...users][at % 3],
      original_url: `https://example.com/${word}/${at}`,
      short_code: `${word}${at}`,
      title: titles[at % titles.length],
      is_active: at % 5 !== 0,
      created_at: times[at % times.length],
      updated_at: times[(at >> 2) % times.length],
      tags: [[], ['a'], ['a', 'b c'], ['ü', 'b c']][at % 4],
      ...(at % 6 === 1 && { starts_at: ['2001-01-01T00:00:00', '9000-01-01T00:00:00'][(at >> 1) % 2] }),
      ...(at % 7 < 3 && { expires_at: ['2021-01-01T00:00:00', '9100-01-01T00:00:00'][at % 2] })
    }))
    const imported = await api('POST', '/urls/bulk', { json: drafts })
    t.match(imported.json, { imported: drafts.length }, imported.text)
    const rows: Url[] = (await api('GET', `/urls?q=${word}`)).json
    t.equal(rows.length, drafts.length)
    t.same([...new Set(rows.map(({ state }) => state))].sort(), [
      'active',
      'expired',
      'inactive',
      'scheduled'
    ])
    const has = (text: string) => (row: Url) => (row.title ?? '').toLowerCase().includes(text)
    const day = '2020-01-01'
    await checkModel(t, api, {
      path: `/urls?q=${word}`,
      rows,
      sorts: ['id', 'created_at', 'updated_at', 'expires_at', 'user_id', 'short_code', 'title'],
      sortValue: (row, name) =>
        name === 'title' && row.title !== null
          ? lowerAscii([...row.title].slice(0, 64).join(''))
          : fieldOf(row, name),
      filters: {
        [`user_id=${users[0]}`]: ({ user_id }) => user_id === users[0],
        'is_active=False': ({ is_active }) => !is_active,
        'is_active=1': ({ is_active }) => is_active,
        'has_title=true': ({ title }) => title !== null,
        'has_title=false': ({ title }) => title === null,
        'expired=true': ({ expires_at }) => expires_at?.startsWith('2021') ?? false,
        'expired=false': ({ expires_at }) => !expires_at?.startsWith('2021'),
        [`created_to=${day}`]: ({ created_at }) => created_at <= `${day}T23:59:59`,
        [`created_from=${day}T00:00:01`]: ({ created_at }) => created_at >= `${day}T00:00:01`,
        [`updated_from=${day}`]: ({ updated_at }) => updated_at >= day,
        [`updated_to=${day}T00:00:00`]: ({ updated_at }) => updated_at <= `${day}T00:00:00`,
        'expires_from=2022-01-01': ({ expires_at }) => expires_at !== null && expires_at >= '2022',
        'expires_to=2022-01-01': ({ expires_at }) => expires_at !== null && expires_at < '2022',
        'tags=A,none': ({ tags }) => tags.includes('a'),
        'tags=a,%20%C3%9C': ({ tags }) => tags.includes('a') || tags.includes('ü'),
        'all_tags=a,B%20C': ({ tags }) => tags.includes('a') && tags.includes('b c'),
        'exclude_tags=%C3%BC,none': ({ tags }) => !tags.includes('ü'),
        'state=active': ({ state }) => state === 'active',
        'state=scheduled': ({ state }) => state === 'scheduled',
        'state=expired': ({ state }) => state === 'expired',
        'state=inactive': ({ state }) => state === 'inactive',
        'has_password=false': () => true,
        'has_password=true': () => false
      }
    })
    for (const text of ['äpfel', 'ÄPFEL', '東京', '京都', 'İstanbul', '😀'])
      t.same(
        (await walk(api, `/urls?q=${encodeURIComponent(text)}&user_id=${users[0]}&sort=id`)).map(
          ({ id }) => id
        ),
        rows.filter((row) => row.user_id === users[0] && has(text.toLowerCase())(row)).map(({ id }) => id),
        text
      )
  })

  t.test('users', async (t) => {
    const word = unique('w')
    const drafts = ['b', 'B2', 'ä', 'Ä2', 'z_%', 'A'].map((name, at) => ({
      username: `${name}${word}`,
      email: `${word}.${at}@${at % 2 ? 'Example' : 'example'}.com`,
      created_at: ['2020-01-01T00:00:00', '2021-01-01T00:00:00'][at % 2]
    }))
    t.match((await api('POST', '/users/bulk', { json: drafts })).json, { imported: drafts.length })
    const rows: User[] = (await api('GET', `/users?q=${word}`)).json
    await checkModel(t, api, {
      path: `/users?q=${word.toUpperCase()}`,
      rows,
      sorts: ['id', 'username', 'email', 'created_at'],
      sortValue(row, name) {
        const value = fieldOf(row, name)
        return typeof value === 'string' ? lowerAscii(value) : value
      },
      filters: {
        'created_to=2020-12-31': ({ created_at }) => created_at < '2021',
        'created_from=2020-12-31': ({ created_at }) => created_at > '2021'
      }
    })
    const found = async (q: string) =>
      (await walk(api, `/users?q=${encodeURIComponent(q)}&sort=id`)).map(({ id }) => id)
    t.same(await found(`Ä${word}`), [rows[2]?.id])
    t.same(await found(`z_%${word}`), [rows[4]?.id])
    t.same(await found(`${word}.1@EXAMPLE`), [rows[1]?.id])
  })

  t.test('events', async (t) => {
    const user = await createUser(api)
    const { id: url_id } = await createUrl(api)
    for (let at = 0; at < 12; at++) {
      const event = {
        url_id,
        event_type: ['seen', 'shared'][at % 2],
        ...(at % 3 === 0 && { user_id: user.id })
      }
      await api('POST', '/events', { json: event })
    }
    await checkModel<Event>(t, api, {
      path: `/events?url_id=${url_id}`,
      rows: (await api('GET', `/events?url_id=${url_id}`)).json,
      sorts: ['id'],
      sortValue: fieldOf,
      filters: {
        'event_type=seen': ({ event_type }) => event_type === 'seen',
        [`user_id=${user.id}`]: ({ user_id }) => user_id === user.id,
        'since=2000-01-01': () => true,
        'until=2000-01-01': () => false
      }
    })
  })

  t.test('keys', async (t) => {
    const user_id = (await createUser(api)).id
    const ids: string[] = []
    for (let at = 0; at < 9; at++) {
      const role = ['admin', 'member', 'read-only'][at % 3]
      const json = {
        user_id,
        role,
        name: ['b', 'A', 'a'][at % 3],
        ...(at % 2 && { expires_at: `20${90 + (at % 4)}-01-01T00:00:00` }),
        ...(role === 'read-only' && { scopes: ['stats:read', 'urls:read'] })
      }
      ids.push((await api('POST', '/keys', { json })).json.id)
    }
    await api('DELETE', `/keys/${ids[1]}`)
    const path = `/keys?user_id=${user_id}`
    const rows: Key[] = (await api('GET', path)).json
    t.equal(rows.length, 9)
    t.same((await api('GET', `${path}&sort=-created_at`)).json, rows, 'the default order of numbered pages')
    t.same(rows.find(({ role }) => role === 'read-only')?.scopes, ['urls:read', 'stats:read'])
    t.ok(rows.find(({ role }) => role === 'admin')?.scopes.includes('keys:admin'))
    await checkModel(t, api, {
      path,
      rows,
      sorts: ['id', 'name', 'created_at', 'expires_at', 'last_used_at'],
      sortValue: (row, name) => (name === 'name' ? lowerAscii(row.name) : fieldOf(row, name)),
      filters: {
        'role=admin': ({ role }) => role === 'admin',
        'state=active': ({ revoked_at }) => revoked_at === null,
        'state=revoked': ({ revoked_at }) => revoked_at !== null,
        'state=expired': () => false
      }
    })
  })

  t.test('the audit log', async (t) => {
    const { id } = await createUrl(api)
    for (let at = 0; at < 11; at++) await api('PUT', `/urls/${id}`, { json: { title: `${at}` } })
    const path = `/audit?resource=url&resource_id=${id}`
    const rows: AuditEntry[] = (await api('GET', path)).json
    t.match(
      rows[0],
      { action: 'updated', before: { title: '9' }, after: { title: '10' } },
      'the newest first'
    )
    t.same(
      (await walk(api, `${path}&per_page=5`)).map(({ id }) => id),
      rows.map(({ id }) => id)
    )
    const middle = rows[5]?.id ?? 0
    await checkModel(t, api, {
      path,
      rows,
      sorts: ['id'],
      sortValue: fieldOf,
      filters: {
        'action=created': ({ action }) => action === 'created',
        [`before=${middle}`]: ({ id }) => id < middle,
        'since=2000-01-01': () => true,
        'until=2000-01-01': () => false
      }
    })
  })

  t.test('unusable cursors, sorts and filters are refused', async (t) => {
    await createUser(api)
    await createUser(api)
    for (const [list = '', sort, other, first, last] of [
      ['/urls', '-created_at', 'created_at', 'created_from', 'created_to'],
      ['/users', '-created_at', 'created_at', 'created_from', 'created_to'],
      ['/events', '-id', 'id', 'since', 'until'],
      ['/audit', '-id', 'id', 'since', 'until']
    ]) {
      for (let at = 0; list === '/urls' && at < 2; at++) await createUrl(api)
      const { path, cursor } = await cursorOf(`${list}?sort=${sort}&per_page=1`)
      t.equal((await api('GET', path)).status, 200)
      for (const [query, path] of [
        [`sort=${other}&after=${cursor}`, 'after'],
        [`sort=${sort}&after=${cursor}A`, 'after'],
        [`sort=${sort}&after=${cursor.slice(1)}`, 'after'],
        [`sort=${sort}&after=${cursor.slice(0, -1)}`, 'after'],
        [`sort=${sort}&after=%F0%9F%98%80`, 'after'],
        [`sort=${sort}&after=`, 'after'],
        ['sort=password', 'sort'],
        ['sort=', 'sort'],
        ['sort=id&page=2', 'page'],
        ['count=maybe', 'count'],
        [`${first}=2021-01-01&${last}=2020-01-01`, first],
        [`${first}=soon`, first]
      ] as const)
        isProblem(t, await api('GET', `${list}?${query}`), 422, path as string)
    }
    const { cursor } = await cursorOf('/urls?sort=created_at&per_page=1')
    isProblem(t, await api('GET', `/users?sort=created_at&after=${cursor}`), 422, 'after')

    async function cursorOf(query: string) {
      const path = nextOf(await api('GET', query)) ?? ''
      return { path, cursor: new URL(path, 'http://a').searchParams.get('after') ?? '' }
    }
  })
})
