import t from 'tap'
import { startApp } from '#testing/app.ts'
import { makeRow, sendSet, wipe } from '#testing/import-rows.ts'
import { createReferences } from './references.ts'

/** References of a set with `on_conflict=renumber`, where rows are rejected or get new ids. */

const running = await startApp(t)
const { request } = running

const links = [{ ...makeRow('urls', 1), user_id: 5 }]
const lost = 'user_id refers to a row of this set that was rejected: stored without user_id'

t.test('a link of a rejected user is stored without a user, with a warning', async (t) => {
  await wipe(running)
  const users = [{ ...makeRow('users', 5), username: '' }]
  const urls = [...links, { ...makeRow('urls', 2), user_id: 5 }]
  const { json } = await sendSet(running, { users, urls }, 'renumber')
  t.match(json, { users: { rejected: 1 }, urls: { imported: 2 } })
  t.strictSame(json.urls.warnings, [{ line: 2, reason: lost }])
  t.equal((await request('GET', '/urls/1')).json.user_id, null)
})

t.test('a rejected row does not drop references to an earlier row with its id', async (t) => {
  await wipe(running)
  const users = [makeRow('users', 5), { ...makeRow('users', 6), id: 5, username: '' }]
  const { json } = await sendSet(running, { users, urls: links }, 'renumber')
  t.match(json, { users: { imported: 1, rejected: 1 }, urls: { imported: 1 } })
  t.strictSame(json.urls.warnings, [])
  t.equal((await request('GET', '/urls/1')).json.user_id, 5)
})

t.test('renumbered rows that changed since are found again, with a warning', async (t) => {
  await wipe(running)
  await sendSet(running, { users: [makeRow('users', 1)], urls: [makeRow('urls', 1)] })
  const set = {
    users: [{ ...makeRow('users', 2), id: 1 }],
    urls: [{ ...makeRow('urls', 2), id: 1, user_id: 1 }]
  }
  const { json } = await sendSet(running, set, 'renumber')
  const [user, link] = [json.users, json.urls].map((report) => /\d+$/.exec(report.warnings[0].reason)?.[0])
  await request('PUT', `/urls/${link}`, { json: { title: 'New' } })
  const users = [{ ...set.users[0], created_at: '2020-01-01T00:00:00' }]
  const events = [{ ...makeRow('events', 1), url_id: 1, user_id: 1 }]
  t.match((await sendSet(running, { ...set, users, events }, 'renumber')).json, {
    users: {
      skipped: 1,
      conflicts: 0,
      warnings: [{ reason: `is user ${user}, which differs (created_at): skipped` }]
    },
    urls: {
      skipped: 1,
      rejected: 0,
      warnings: [{ reason: `is url ${link}, which differs (title): skipped` }]
    },
    events: { imported: 1, warnings: [] }
  })
  t.match((await request('GET', '/events')).json, [{ url_id: Number(link), user_id: Number(user) }])
})

t.test('more new ids than fit in memory stop the import', async (t) => {
  const references = createReferences('renumber', 2)
  const problem = {
    code: 'IMPORT_CONFLICT',
    message: /^More than 2 users .*Split the set.*on_conflict=skip$/
  }
  references.record('users', [
    ['1', '11'],
    ['2', null],
    ['2', '12']
  ])
  references.record('urls', [['3', '13']])
  t.throws(() => references.record('users', [['3', '13']]), problem)
  const any = createReferences('skip', 0)
  t.doesNotThrow(() => any.record('users', [['1', '11']]))
})
