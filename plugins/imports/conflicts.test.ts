import fc from 'fast-check'
import t from 'tap'
import { startApp } from '#testing/app.ts'
import { makeRow, type Row, sendRows, sendSet, wipe } from '#testing/import-rows.ts'

/**
 * Rows whose id belongs to a different row: each is reported, and none gets the references of another row.
 */

const running = await startApp(t)
const { app, request } = running
const { pool } = app.database

/** For each kind, another value for each column that distinguishes rows. */
const CHANGES: Record<'users' | 'urls' | 'events', Row> = {
  users: { username: 'other', email: 'other@example.com', created_at: '2024-01-01T00:00:00' },
  urls: {
    user_id: 9,
    short_code: 'other',
    original_url: 'https://other.example',
    title: 'Other',
    is_active: false,
    created_at: '2024-01-01T00:00:00',
    expires_at: '2030-01-01T00:00:00'
  },
  events: {
    url_id: 9,
    user_id: 9,
    event_type: 'other',
    timestamp: '2024-01-01T00:00:00',
    details: { other: true }
  }
}

for (const kind of ['users', 'urls', 'events'] as const) {
  t.test(
    `${kind}: a row like the stored one is skipped, any other is reported with what differs`,
    async (t) => {
      await wipe(running, kind)
      const row = makeRow(kind, 5)
      await sendRows(running, kind, [row])
      const again = { count: 1, imported: 0, skipped: 1, conflicts: 0, warnings: [] }
      t.match((await sendRows(running, kind, [row])).json, again)
      for (const [name, value] of Object.entries(CHANGES[kind])) {
        const conflict = {
          line: 1,
          reason: `id 5 is taken by a different ${kind.slice(0, -1)} (${name}): skipped`
        }
        t.match(
          (await sendRows(running, kind, [{ ...row, [name]: value }])).json,
          { count: 1, imported: 0, skipped: 1, conflicts: 1, renumbered: 0, warnings: [conflict] },
          name
        )
      }
      t.match((await sendRows(running, kind, [row])).json, again, 'and the stored row is as it was')
    }
  )

  t.test(`${kind}: of two rows with one id in a file the second is reported`, async (t) => {
    await wipe(running, kind)
    const [first, second] = [makeRow(kind, 5), { ...makeRow(kind, 6), id: 5 }]
    t.match((await sendRows(running, kind, [first, first, second])).json, {
      count: 3,
      imported: 1,
      skipped: 2,
      conflicts: 1,
      warnings: [{ line: 3, reason: /^id 5 is taken by a different \w+ \(/ }]
    })
  })

  t.test(`${kind}: fail stores nothing and names the rows`, async (t) => {
    await wipe(running, kind)
    await sendRows(running, kind, [makeRow(kind, 5)])
    const rows = [makeRow(kind, 6), { ...makeRow(kind, 7), id: 5 }]
    const answer = await sendRows(running, kind, rows, 'fail')
    t.match(answer, {
      status: 409,
      json: { code: 'IMPORT_CONFLICT', errors: [{ path: 'line 2', message: /^id 5 is taken/ }] }
    })
    t.equal((await request('GET', `/${kind}`)).json.length, 1)
    t.match(await sendRows(running, kind, [makeRow(kind, 5), makeRow(kind, 6)], 'fail'), { status: 201 })
  })

  t.test(`${kind}: renumber stores the row under a new id, once`, async (t) => {
    await wipe(running, kind)
    await sendRows(running, kind, [makeRow(kind, 5)])
    const rows = [{ ...makeRow(kind, 6), id: 5 }, makeRow(kind, 7)]
    const { json } = await sendRows(running, kind, rows, 'renumber')
    t.match(json, {
      imported: 2,
      skipped: 0,
      conflicts: 1,
      renumbered: 1,
      warnings: [{ line: 1, reason: /: stored as \d+$/ }]
    })
    const id = Number(/\d+$/.exec(json.warnings[0].reason)?.[0])
    t.ok(id > 7)
    t.match((await request('GET', `/${kind}/${id}`)).json, { ...rows[0], id })
    t.match((await sendRows(running, kind, rows, 'renumber')).json, {
      imported: 0,
      skipped: 2,
      conflicts: 0,
      warnings: []
    })
  })
}

t.test('the counts are complete, though the lines are limited', async (t) => {
  await wipe(running)
  const rows = Array.from({ length: 1_500 }, (_, at) => makeRow('urls', at + 1))
  await sendRows(running, 'urls', rows)
  const { json } = await sendRows(
    running,
    'urls',
    rows.map((row) => ({ ...row, title: 'Other' }))
  )
  t.match(json, { skipped: 1_500, conflicts: 1_500 })
  t.equal(json.warnings.length, 1_000)
})

t.test('a link or user that changed since its import gets no second id', async (t) => {
  await wipe(running)
  const rows = { users: [makeRow('users', 1)], urls: [{ ...makeRow('urls', 1), user_id: 1 }] }
  await sendSet(running, rows)
  await request('PUT', '/urls/1', { json: { title: 'New' } })
  const users = [{ ...makeRow('users', 1), created_at: '2020-01-01T00:00:00' }]
  t.match((await sendSet(running, { ...rows, users }, 'renumber')).json, {
    users: { imported: 0, skipped: 1, conflicts: 1, renumbered: 0 },
    urls: {
      imported: 0,
      skipped: 1,
      conflicts: 1,
      renumbered: 0,
      warnings: [{ reason: /\(title\): skipped/ }]
    }
  })
})

t.test('another value of on_conflict is refused', async (t) => {
  t.match(await request('POST', '/users/bulk?on_conflict=overwrite', { json: [] }), { status: 422 })
})

t.test('events of a rejected link are not stored for another link', async (t) => {
  await wipe(running)
  await sendRows(running, 'urls', [makeRow('urls', 1), makeRow('urls', 2)])
  const { json } = await sendSet(
    running,
    {
      // Two links already have its id and its code.
      urls: [{ ...makeRow('urls', 2), id: 1, original_url: 'https://other.example' }],
      events: [{ ...makeRow('events', 1), url_id: 1 }]
    },
    'renumber'
  )
  t.match(json, {
    urls: { imported: 0, rejected: 1, conflicts: 0 },
    events: {
      imported: 0,
      rejected: 1,
      errors: [{ reason: 'url_id 1 is a row of this set that was rejected' }]
    }
  })
})

t.test('renumber keeps all references of a set, and a second import changes nothing', async () => {
  const ids = fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 8 })
  const database = fc.record({ users: ids, urls: ids, events: ids })
  const set = fc.record({
    users: ids,
    urls: fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 12 }), fc.nat()), {
      selector: ([id]) => id,
      maxLength: 8
    }),
    events: fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 12 }), fc.nat(), fc.nat()), {
      selector: ([id]) => id,
      maxLength: 8
    })
  })
  const pickFrom = (list: number[], place: number) =>
    list.length === 0 ? null : (list[place % list.length] as number)
  await fc.assert(
    fc.asyncProperty(database, set, async (before, given) => {
      await wipe(running)
      for (const kind of ['users', 'urls', 'events'] as const)
        await sendRows(
          running,
          kind,
          before[kind].map((id) => makeRow(kind, id, 'old'))
        )
      const stored = await readGraph()
      const urlIds = given.urls.map(([id]) => id)
      const rows = {
        users: given.users.map((id) => makeRow('users', id, 'new')),
        urls: given.urls.map(([id, owner]) => ({
          ...makeRow('urls', id, 'new'),
          id,
          user_id: pickFrom(given.users, owner)
        })),
        events:
          urlIds.length === 0
            ? []
            : given.events.map(([id, url, user]) => ({
                ...makeRow('events', id, 'new'),
                id,
                url_id: pickFrom(urlIds, url),
                user_id: pickFrom(given.users, user)
              }))
      }
      const name = (kind: 'users' | 'urls', id: number | null) => (id === null ? null : `new-${kind}-${id}`)
      const wanted = [
        ...stored,
        ...rows.users.map(({ id }) => ['user', name('users', Number(id)), null, null]),
        ...rows.urls.map(({ id, user_id }) => ['url', name('urls', id), name('users', user_id), null]),
        ...rows.events.map(({ id, url_id, user_id }) => [
          'event',
          `new-events-${id}`,
          name('users', user_id),
          name('urls', url_id)
        ])
      ]
      const { json } = await sendSet(running, rows, 'renumber')
      for (const kind of ['users', 'urls', 'events'] as const)
        if (rows[kind].length > 0 && json[kind].imported !== rows[kind].length)
          throw new Error(`${kind}: ${JSON.stringify(json[kind])}`)
      const graph = await readGraph()
      same(graph, wanted)
      const again = (await sendSet(running, rows, 'renumber')).json
      for (const report of Object.values<{ imported: number; conflicts: number }>(again))
        if (report.imported > 0 || report.conflicts > 0) throw new Error(JSON.stringify(again))
      same(await readGraph(), wanted)
    }),
    { numRuns: 30 }
  )
})

function same(found: unknown[][], wanted: unknown[][]): void {
  const sort = (rows: unknown[][]) => rows.map((row) => JSON.stringify(row)).sort()
  if (sort(found).join('\n') !== sort(wanted).join('\n'))
    throw new Error(`found\n${sort(found).join('\n')}\nwanted\n${sort(wanted).join('\n')}`)
}

/** All rows by name, with the names of the rows that they refer to. */
async function readGraph(): Promise<unknown[][]> {
  const { rows } = await pool.query({
    text: `SELECT 'user', username, NULL, NULL FROM users
      UNION ALL SELECT 'url', short_code, username, NULL FROM urls LEFT JOIN users ON users.id = urls.user_id
      UNION ALL SELECT 'event', event_type, username, short_code FROM events
        LEFT JOIN urls ON urls.id = events.url_id LEFT JOIN users ON users.id = events.user_id`,
    rowMode: 'array'
  })
  return rows
}
