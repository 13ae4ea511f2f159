import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import t from 'tap'
import { profiles, type Running, startApp } from '#testing/app.ts'

/** An export restores the import: the real set byte for byte, and arbitrary rows. */

const SEED = join(import.meta.dirname, '..', '..', 'apps', 'testing', 'fixtures', 'seed-csv')
const KINDS = ['users', 'urls', 'events'] as const
type Files = Record<(typeof KINDS)[number], string>

async function load({ app }: Running, files: Files) {
  const reports = []
  for (const kind of KINDS)
    reports.push(await app.imports.openSet('skip').importCsv(kind, bytesOf(files[kind])))
  return reports
}

/** A file in pieces that split lines and characters at arbitrary places. */
async function* bytesOf(text: string) {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += 10_007) yield bytes.subarray(at, at + 10_007)
}

async function dump({ app }: Running, options?: { isGuarded: boolean }): Promise<Files> {
  const files: Files = { users: '', urls: '', events: '' }
  await app.imports.exportCsv(async (kind, text) => {
    for await (const part of text) files[kind] += part
  }, options)
  return files
}

async function readSeed(): Promise<Files> {
  const [users = '', urls = '', events = ''] = await Promise.all(
    KINDS.map((kind) => readFile(join(SEED, `${kind}.csv`), 'utf8'))
  )
  return { users, urls, events }
}

profiles(t, async (t, profile) => {
  t.test('the real set comes out to the byte, and loads twice without a change', async (t) => {
    const running = await startApp(t, { profile })
    const seed = await readSeed()
    t.match(await load(running, seed), [
      { count: 400, imported: 400, rejected: 0 },
      { count: 2000, imported: 2000, rejected: 0 },
      { count: 3422, imported: 3422, rejected: 0 }
    ])
    t.strictSame(await dump(running), seed)
    t.match(await load(running, seed), [
      { count: 400, imported: 0, skipped: 400, warnings: [] },
      { count: 2000, imported: 0, skipped: 2000, warnings: [] },
      { count: 3422, imported: 0, skipped: 3422, warnings: [] }
    ])
    t.strictSame(await dump(running), seed)
    const next = await running.request('POST', '/users', {
      json: { username: 'next', email: 'next@example.com' }
    })
    t.match([next.status, next.json], [201, { id: 401 }])
    const link = await running.request('POST', '/urls', { json: { original_url: 'https://example.com' } })
    t.match([link.status, link.json], [201, { id: 2001 }])
    t.match((await running.request('GET', '/events?url_id=2001')).json, [{ id: 3423, event_type: 'created' }])
    t.match((await running.request('GET', '/events/1')).json.details, { short_code: 'oWCnNk' })
  })

  t.test('deleted and expiring urls, and rows made by the API, come back the same', async (t) => {
    const first = await startApp(t, { profile })
    const create = async (path: string, json: object) => {
      const answer = await first.request('POST', path, { json })
      t.equal(answer.status, 201, `${path}: ${answer.text}`)
    }
    await create('/users', { username: 'Ada "the" first,', email: 'ada@example.com' })
    for (const title of ['', ' \t', 'a,"b"\r\n\\N', null]) {
      await create('/urls', { user_id: 1, original_url: 'https://example.com/?q=1,2', title })
    }
    await create('/urls', { original_url: 'https://example.com', expires_at: '2031-01-01T00:00:00' })
    await create('/urls', { original_url: 'https://example.com', note: '' })
    await create('/urls', { original_url: 'https://example.com', note: '=1,\n"noted"' })
    t.equal((await first.request('DELETE', '/urls/2')).status, 204)
    const details = { text: '\\ "q" \n  : {', deep: [{ n: 1e21 }] }
    await create('/events', { url_id: 1, event_type: 'odd', details })
    const files = await dump(first)
    t.match(files.urls, /^id,.*,updated_at,expires_at,deleted_at,note\n/)
    await first.close()
    const second = await startApp(t, { profile })
    await load(second, files)
    t.strictSame(await dump(second), files)
    t.equal((await second.request('GET', '/urls/2')).status, 404)
    t.match((await second.request('GET', '/urls/1')).json, { title: '' })
    t.match((await second.request('GET', '/urls/5')).json, { title: null, expires_at: '2031-01-01T00:00:00' })
  })

  t.test('links with rules load twice without a change, though they were visited', async (t) => {
    const running = await startApp(t, { profile })
    const rules = [
      { starts_at: '2999-01-01T00:00:00' },
      { password: 'correct horse' },
      { max_visits: 5 },
      { max_visits: 5, is_active: false }
    ]
    for (const rule of rules) {
      const json = { original_url: 'https://example.com', tags: ['a', 'b'], utm: { source: 'x' }, ...rule }
      t.equal((await running.request('POST', '/urls', { json })).status, 201)
    }
    const files = await dump(running)
    const { short_code } = (await running.request('GET', '/urls/3')).json
    t.equal((await running.request('GET', `/${short_code}`)).status, 302)
    const [, report] = await load(running, files)
    t.match(report, { count: 4, imported: 0, skipped: 4, conflicts: 0, warnings: [] })
    t.same(report?.warnings, [])
  })

  t.test('an export for spreadsheets holds no formula, and is read back to the same rows', async (t) => {
    const first = await startApp(t, { profile })
    const create = async (path: string, json: object) => {
      const answer = await first.request('POST', path, { json })
      t.equal(answer.status, 201, `${path}: ${answer.text}`)
    }
    await create('/users', { username: '@SUM(1+1)*cmd|" /C calc"!A0', email: '+a@example.com' })
    for (const [at, title] of ['=HYPERLINK("https://evil.example","x")', "'=1", 'a;=1', '-1', ''].entries())
      await create('/urls', {
        user_id: 1,
        original_url: 'https://example.com/;=1',
        title,
        short_code: `-${at}`
      })
    await create('/events', { url_id: 1, event_type: '\t=1', details: { a: '\n=1' } })
    const files = await dump(first)
    const guarded = await dump(first, { isGuarded: true })
    for (const text of Object.values(guarded))
      for (const cell of parse(text).flat()) t.notMatch(cell, /(^|[;\t\r\n])[=+\-@\t\r\n]/)
    t.match(guarded.urls, /updated_at,spreadsheet_safe\n1,1,'-0,https:\/\/example\.com\/;'=1,"'=HYPERLINK/)
    await first.close()
    const second = await startApp(t, { profile })
    for (const report of await load(second, guarded)) t.match(report, { errors: [], warnings: [] })
    t.strictSame(await dump(second), files)
  })

  t.test('any rows survive', async (t) => {
    const running = await startApp(t, { profile })
    const { pool } = running.app.database
    const anyText = (maxLength: number) =>
      fc
        .oneof(
          fc.string({ unit: 'binary', maxLength }),
          fc
            .array(fc.constantFrom('"', ',', '\n', '\r', '\t', '\\', '\\N', '\\.', 'é', '😀', ' '), {
              maxLength
            })
            .map((parts) => parts.join('').slice(0, maxLength))
        )
        .filter((text) => text.isWellFormed() && !text.includes('\0'))
    const name = anyText(20).filter((text) => text !== '')
    const time = fc
      .date({
        min: new Date('2000-01-01T00:00:00Z'),
        max: new Date('2000-03-31T00:00:00Z'),
        noInvalidDate: true
      })
      .map((date) => date.toISOString().slice(0, 19))
    const owner = fc.option(fc.integer({ min: 1, max: 50 }))
    const json = fc.dictionary(
      anyText(6),
      fc.oneof(anyText(10), fc.integer(), fc.boolean(), fc.constant(null)),
      { maxKeys: 4 }
    )
    const set = fc.record({
      users: fc.array(fc.record({ username: name, email: name, created_at: time }), { maxLength: 8 }),
      urls: fc.array(
        fc.record({
          user_id: owner,
          title: fc.option(anyText(20)),
          is_active: fc.boolean(),
          created_at: time,
          updated_at: time
        }),
        { maxLength: 8 }
      ),
      events: fc.array(
        fc.record({
          url_id: fc.integer({ min: 1, max: 50 }),
          user_id: owner,
          event_type: name,
          timestamp: time,
          details: json
        }),
        { maxLength: 8 }
      )
    })
    await fc.assert(
      fc.asyncProperty(set, async (rows) => {
        await pool.query('DELETE FROM users; DELETE FROM urls; DELETE FROM events')
        for (const kind of KINDS) {
          const objects = rows[kind].map((row, index) => ({
            id: index + 1,
            ...row,
            ...(kind === 'urls' && { short_code: `c${index}`, original_url: `https://example.com/${index}` })
          }))
          const report = await running.app.imports.openSet('skip').importJson(kind, objects)
          t.strictSame(report.errors, [])
        }
        const first = await dump(running)
        await pool.query('DELETE FROM users; DELETE FROM urls; DELETE FROM events')
        for (const report of await load(running, first)) t.strictSame(report.errors, [])
        t.strictSame(await dump(running), first)
        const { rows: stored } = await pool.query('SELECT username, email FROM users ORDER BY id')
        t.strictSame(
          stored,
          rows.users.map(({ username, email }) => ({ username, email }))
        )
      }),
      { numRuns: 25 }
    )
  })
})
