import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createClient } from '#testing/app.ts'
import { makeFolder } from '#testing/folder.ts'
import { spawnServer } from '#testing/process.ts'
import { until } from '#testing/until.ts'

/** `npm run demo` as a process. */

async function startDemo(t: Test, ...options: string[]) {
  const demo = spawnServer(
    t,
    // The demo must not use the storage that the environment names.
    { DATABASE_URL: 'postgres://nowhere.invalid/none', REDIS_URL: 'redis://nowhere.invalid' },
    { command: [process.execPath, '--import=./apps/preload.mjs', 'apps/demo/main.ts', ...options] }
  )
  const address = () => /Demo: (http:\S+)\/dashboard/.exec(demo.output())?.[1]
  let hasEnded = false
  void demo.exited.then(() => {
    hasEnded = true
  })
  await until(() => hasEnded || address() !== undefined, Boolean, 120_000)
  const url = address()
  if (url === undefined) throw new Error(demo.output())
  return { demo, request: createClient(url) }
}

t.test('the demo has links and 90 days of statistics, and keeps changes', async (t) => {
  const folder = join(await makeFolder(t), 'demo')
  const { demo, request } = await startDemo(t, '--folder', folder, '--date', '2026-06-18')

  const { headers } = await request('GET', '/urls?page=1&per_page=1')
  t.equal(headers.get('x-total-count'), '300')
  const totalOf = async (filter: string) =>
    Number((await request('GET', `/urls?${filter}&page=1&per_page=1`)).headers.get('x-total-count'))
  t.ok((await totalOf('is_active=false')) > 10, 'some are inactive')
  t.ok((await totalOf('expired=true')) > 10, 'some have expired')
  const states = ['expired', 'inactive', 'active']
  const counts = await Promise.all(states.map((state) => totalOf(`state=${state}`)))
  t.same(
    states.filter((_, at) => !counts[at]),
    [],
    'links of these states'
  )
  t.ok((await totalOf('has_password=true')) > 0 && (await totalOf('tags=print')) > 10)
  t.equal((await request('GET', '/urls/300')).json.starts_at, '2026-06-25T14:20:00')
  const { json: tags } = await request('GET', '/api/tags')
  t.ok(
    tags.filter(({ color, links }: { color: string | null; links: number }) => color && links > 10).length >=
      5
  )
  t.equal((await request('GET', '/users')).json.length, 8)

  const { json: stats } = await request('GET', '/stats?from=2026-03-21&to=2026-06-18')
  t.equal(stats.series.length, 90)
  t.same(
    stats.series.filter(({ clicks, visitors }: { clicks: number; visitors: number }) => !clicks || !visitors),
    []
  )
  t.ok(stats.bots > 0 && stats.visitors < stats.clicks - stats.bots, 'bots and returning visitors')
  const { json: events } = await request('GET', '/events?event_type=click&page=1&per_page=200')
  t.ok(
    events.some(({ details }: { details: { referrer?: string } }) => details.referrer),
    'some visits have a referrer'
  )

  const { json: link } = await request('PUT', '/urls/7', { json: { title: 'Kept' } })
  t.same(await demo.end(), { code: 0, signal: null })
  const again = await startDemo(t, '--folder', folder)
  t.equal((await again.request('GET', `/urls/${link.id}`)).json.title, 'Kept')
  t.match(again.demo.output(), /The clicks end \d+ days ago: npm run demo -- --fresh/)
  t.notMatch(again.demo.output(), /Making/)
  t.same(await again.demo.end(), { code: 0, signal: null })
})

t.test('a folder with other files is refused and stays as it is', async (t) => {
  const folder = await makeFolder(t)
  const file = join(folder, 'notes.txt')
  await writeFile(file, 'mine')
  for (const options of [[], ['--fresh']])
    await t.rejects(startDemo(t, '--folder', folder, ...options), /other files/)
  t.equal(await readFile(file, 'utf8'), 'mine')
})
