import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import t from 'tap'
import { startApp, storageOf } from '#testing/app.ts'
import { ROOT } from '#testing/sources.ts'

/** The search of links with and without the index of trigrams. */

// Without other ways to read, the planner takes the index for the few links of this test.
const storage = await storageOf(t, 'alone')
const plans = encodeURIComponent('-c enable_seqscan=off -c enable_indexscan=off')
storage['DATABASE_URL'] += `${storage['DATABASE_URL']?.includes('?') ? '&' : '?'}options=${plans}`
const { app, request } = await startApp(t, { storage })
const run = (text: string) => app.database.db.execute<Record<string, string>>(sql.raw(text))

const TITLES = [
  'Spring Sale',
  'ÄPFEL und Birnen',
  'İstanbul',
  'Istanbul',
  '東京都庁',
  'Straße',
  'ΣΊΣΥΦΟΣ',
  '100%_\\'
]
for (const title of TITLES)
  await request('POST', '/urls', { json: { original_url: 'https://a.dev/X', title } })
const LONG = 'https://blog.example.org/posts/2025/Über-üben?utm_source=newsletter&utm_medium=email&n='
const PAGE = 'https://blog.example.org/posts/guide-to-searching/index.html'
for (const title of ['https://o.dev/~me', 'K 東']) {
  await request('POST', '/urls', { json: { original_url: PAGE, title } })
}
for (const n of ['one', 'two'])
  await request('POST', '/urls', { json: { original_url: LONG + n, title: n, short_code: `zz-${n}` } })

const SEARCHES: [q: string, found: string[]][] = [
  ['spring', ['Spring Sale']],
  ['g s', ['Spring Sale']],
  ['äpfel', ['ÄPFEL und Birnen']],
  ['Äpfel UND', ['ÄPFEL und Birnen']],
  ['İSTAN', ['İstanbul']],
  ['istanbul', ['Istanbul']],
  ['京都', ['東京都庁']],
  ['東京都庁', ['東京都庁']],
  ['STRAßE', ['Straße']],
  ['σίσυφος', ['ΣΊΣΥΦΟΣ']],
  ['0%_\\', ['100%_\\']],
  ['https://A.dev/x', TITLES],
  [`${LONG}one`, ['one']],
  [`${LONG.toUpperCase()}TWO`, ['two']],
  [LONG.slice(0, 60), ['one', 'two']],
  [LONG.slice(-60), ['one', 'two']],
  [`${LONG}none`, []],
  [PAGE, ['https://o.dev/~me', 'K 東']],
  [`${PAGE}#top`, []],
  // One and two letters are the beginning of a word.
  ['sp', ['Spring Sale']],
  ['SA', ['Spring Sale']],
  ['al', []],
  ['ä', ['ÄPFEL und Birnen']],
  ['äP', ['ÄPFEL und Birnen']],
  ['ü', ['one', 'two']],
  ['10', ['100%_\\']],
  ['Zz', ['one', 'two']],
  ['σί', ['ΣΊΣΥΦΟΣ']],
  ['İ', ['İstanbul']],
  // Special characters.
  ['%', ['100%_\\']],
  ['_\\', ['100%_\\']],
  ['~', ['https://o.dev/~me']],
  ['^', []],
  ['都', ['東京都庁']],
  ['都庁', ['東京都庁']],
  ['庁都', []],
  ['ß', []],
  ['äp', ['ÄPFEL und Birnen']],
  // The Kelvin sign is the letter K in another case.
  ['\u212a 東', ['K 東']],
  ['l u', ['ÄPFEL und Birnen']],
  // The text of the index has the fields one after the other.
  ['X Spring', []]
]

/** The searches with wrong results. */
async function findFaults(): Promise<unknown[]> {
  const faults: unknown[] = []
  for (const [q, wanted] of SEARCHES)
    for (const paging of ['sort=id', 'page=1']) {
      const { json } = await request('GET', `/urls?q=${encodeURIComponent(q)}&${paging}`)
      const found = json.map(({ title }: { title: string }) => title)
      if (String(found) !== String(wanted)) faults.push({ q, paging, found })
    }
  return faults
}

async function planOf(condition: string): Promise<string> {
  const { rows } = await run(`explain select id from urls where ${condition}`)
  return rows.map((row) => row['QUERY PLAN']).join('\n')
}

const TEXT = `lower((original_url || ' ' || coalesce(title, '') || ' ' || short_code) collate "C")`
const SPECIAL = `string_to_array(regexp_replace((original_url || coalesce(title, '') || short_code)
  collate "C", '[A-Za-z0-9]+', '', 'g'), null)`

t.test('with the indexes', async (t) => {
  t.match(await planOf(`${TEXT} like '%spring%'`), 'urls_search')
  t.match(await planOf(`${TEXT} ~ '[Ää]pfel'`), 'urls_search')
  t.match(await planOf(`${SPECIAL} @> '{~}'`), 'urls_special')
  t.same(await findFaults(), [])
})

t.test('without the extension', async (t) => {
  await run('drop extension pg_trgm cascade')
  t.same(await findFaults(), [])
})

t.test(
  'the migration goes on where it may not create the extension, and creates the index where it may',
  async (t) => {
    const file = await readFile(join(ROOT, 'drizzle', '0014_list_indexes.sql'), 'utf8')
    const block = file.slice(file.indexOf('DO $$'))
    const indexes = async () =>
      (await run(`select indexname from pg_indexes where indexname = 'urls_search'`)).rows.length
    const role = `searcher_${process.pid}`
    await run(`create role ${role}`)
    t.teardown(() => run(`drop role ${role}`))
    await app.database.transaction(async () => {
      await run(`set local role ${role}`)
      await run(block)
    })
    t.equal(await indexes(), 0)
    // An extension in a schema outside of the search path.
    await run('create schema extensions')
    await run('create extension pg_trgm schema extensions')
    await run(block)
    await run(block)
    t.equal(await indexes(), 1)
    t.same(await findFaults(), [])
  }
)
