import { randomBytes } from 'node:crypto'
import pg from 'pg'
import t, { type Test } from 'tap'
import { type Running, startApp, storageOf } from '#testing/app.ts'

/** Every database folds case alike, and keys that another release folded differently are corrected. */

const LOCALES = {
  'C of the C library': "LOCALE_PROVIDER libc LOCALE 'C'",
  'C.UTF-8 of PostgreSQL': "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'",
  'Turkish of ICU': "LOCALE_PROVIDER icu ICU_LOCALE 'tr' LOCALE 'C'"
}

/** Two spellings of each name, and a part of both that a search finds. */
const NAMES = [
  ['ivy', 'IVY', 'iv'],
  ['Élodie', 'éLODIE', 'LODI'],
  ['ΟΔΟΣ', 'οδος', 'ΔΟΣ'],
  ['Иван', 'ИВАН', 'вА'],
  ['Zoe\u0308', 'ZOË', 'zo'],
  ['straße', 'STRASSE', 'STRA']
] as const

/** Starts an app on a new database with a locale; `prepare` may change the database first. */
async function startOn(t: Test, locale: string): Promise<Running> {
  const storage = await storageOf(t, 'alone', { bare: true })
  const admin = new pg.Client({ connectionString: storage['DATABASE_URL'] ?? '' })
  await admin.connect()
  const name = `fairlead_test_${randomBytes(6).toString('hex')}`
  await admin.query(`CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8' ${locale}`)
  t.teardown(async () => {
    await admin.query(`DROP DATABASE ${name} WITH (FORCE)`)
    await admin.end()
  })
  const url = new URL(storage['DATABASE_URL'] ?? '')
  url.pathname = `/${name}`
  return startApp(t, { storage: { ...storage, DATABASE_URL: url.href } })
}

const email = (at: number, more = '') => `user${at}${more}@example.com`

for (const [name, locale] of Object.entries(LOCALES)) {
  t.test(`on a database with the locale ${name}`, async (t) => {
    const { app, request } = await startOn(t, locale)
    const create = async (username: string, email: string) =>
      (await request('POST', '/users', { json: { username, email } })).status

    const holders: number[] = []
    await t.test('a name is taken in each of its spellings', async (t) => {
      for (const [at, [one, other]] of NAMES.entries()) {
        const made = await request('POST', '/users', { json: { username: one, email: email(at) } })
        t.equal(made.status, 201, one)
        holders.push(made.json.id)
        t.equal(await create(other, email(at, '-2')), 409, other)
        t.equal(await create(`other${at}`, email(at).toUpperCase()), 409, 'and the address')
      }
    })

    await t.test('a search finds each spelling', async (t) => {
      for (const [one, other, part] of NAMES) {
        const title = `~${one.normalize('NFC')}~`
        const { json: url } = await request('POST', '/urls', {
          json: { original_url: 'https://a.dev', title }
        })
        for (const q of [title.toUpperCase(), title.toLowerCase(), `~${part}`.slice(1)]) {
          const { json } = await request('GET', `/urls?q=${encodeURIComponent(q)}`)
          // The upper case of ß is two letters, which a search does not match with it.
          if (q.length === title.length)
            t.ok(
              json.some(({ id }: { id: number }) => id === url.id),
              `${q}, ${other}`
            )
        }
      }
    })

    await t.test('an imported duplicate inherits a name, and holds it in each spelling', async (t) => {
      const rows = NAMES.flatMap(([one, other], at) => [
        `${100 + at},${other},twin${at}@example.com`,
        `${200 + at},x${one},x${at}@example.com`
      ])
      const body = ['id,username,email,created_at', ...rows.map((row) => `${row},2025-01-01 00:00:00`)].join(
        '\n'
      )
      const { json: report } = await request('POST', '/users/bulk', {
        body,
        headers: { 'content-type': 'text/csv' }
      })
      t.equal(report.imported, rows.length)
      t.equal(
        report.warnings.filter(({ reason }: { reason: string }) => reason.includes('twin')).length,
        NAMES.length
      )
      for (const [at, [one, other]] of NAMES.entries()) {
        t.equal((await request('DELETE', `/users/${holders[at]}`)).status, 204)
        t.equal(await create(one, email(at, '-3')), 409, one)
        t.equal((await request('DELETE', `/users/${100 + at}`)).status, 204)
        t.equal(await create(other, email(at, '-3')), 201, other)
      }
    })

    await t.test('keys of the previous release are folded again, and nothing is lost', async (t) => {
      const { pool } = app.database
      await pool.query('DELETE FROM users')
      // The statements of the previous release, in which the database folds.
      const insert = (id: number, username: string, email: string) =>
        pool.query(
          `INSERT INTO users (id, username, email, username_key, email_key)
           SELECT $1, $2::text, $3::text,
             CASE WHEN NOT EXISTS (SELECT FROM users WHERE username_key = lower($2)) THEN lower($2) END,
             CASE WHEN NOT EXISTS (SELECT FROM users WHERE email_key = lower($3)) THEN lower($3) END`,
          [id, username, email]
        )
      let id = 0
      for (const [one, other] of NAMES)
        for (const name of [one, other, other]) await insert(++id, name, `${name}@example.com`)
      const { rows: kept } = await pool.query('SELECT id, username, email FROM users ORDER BY id')
      const replica = await startApp(t, {
        storage: { DATA_DIR: t.testdir(), DATABASE_URL: pool.options.connectionString ?? '' }
      })
      const isFolded = `SELECT FROM users WHERE coalesce(username_key, username_twin, lower(username COLLATE "C")) IS DISTINCT FROM $1 AND id = $2`
      for (const { id, username } of kept) {
        const fold = username.normalize('NFC').toLowerCase().toUpperCase().toLowerCase()
        while ((await pool.query(isFolded, [fold, id])).rowCount !== 0)
          await replica.request('GET', '/health')
      }
      t.same((await pool.query('SELECT id, username, email FROM users ORDER BY id')).rows, kept)
      for (const [one, other] of NAMES) {
        t.equal(
          (await replica.request('POST', '/users', { json: { username: one, email: 'new@example.com' } }))
            .status,
          409
        )
        const { rowCount } = await pool.query(
          'SELECT FROM users WHERE username = ANY($1) AND username_key IS NOT NULL',
          [[one, other]]
        )
        t.equal(rowCount, 1, `${one} has one holder`)
      }
      await insert(++id, 'Ünal', 'uenal@example.com')
      t.equal(
        (await pool.query('SELECT FROM users WHERE id = $1', [id])).rowCount,
        1,
        'and the release before goes on'
      )
    })
  })
}
