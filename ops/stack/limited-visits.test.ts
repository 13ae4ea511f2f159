import { Agent, request as requestHttp } from 'node:http'
import t from 'tap'
import { makeFolder } from '#testing/folder.ts'
import { CHROME } from '#testing/make-click.ts'
import { missing } from '#testing/programs.ts'
import { query } from '#testing/query.ts'
import { ask } from './clients.ts'
import { type Stack, startStack } from './stack.ts'

/** The limit of visits over replicas behind nginx, of which one is killed. */

const skip = missing('postgres') || missing('redis-server') || missing('nginx')

const LIMIT = 100

/** Follows a link; 0 for a visit that is not answered. */
function visit(agent: Agent, url: string): Promise<number> {
  return new Promise((done) => {
    const sent = requestHttp(url, { agent, headers: { 'user-agent': CHROME } }, (response) => {
      response.resume().once('end', () => done(response.statusCode ?? 0))
    })
    sent.once('error', () => done(0)).end()
  })
}

async function createLink({ url }: Stack, agent: Agent) {
  const draft = { original_url: 'https://acme.dev/', max_visits: LIMIT }
  const { body } = await ask(agent, `${url}/urls`, 'POST', draft)
  const { id, short_code } = JSON.parse(body) as { id: number; short_code: string }
  return { id, address: `${url}/${short_code}` }
}

/** Returns what the database has of a link: its visits, and its clicks. */
async function stored({ databaseUrl }: Stack, id: number) {
  const [row] = await query<{ used: number; clicks: number }>(
    databaseUrl,
    `SELECT visits_used::int AS used, (
       SELECT count(DISTINCT click_id)::int FROM events WHERE url_id = urls.id AND event_type = 'click'
     ) AS clicks FROM urls WHERE id = ${id}`
  )
  return row
}

t.test('a limit of visits over three replicas', { skip }, async (t) => {
  const folder = await makeFolder(t)
  const stack = await startStack({ folder, replicas: 3, isLight: true })
  t.teardown(stack.stop)
  const agent = new Agent({ keepAlive: true, maxSockets: 500 })
  t.teardown(() => agent.destroy())
  const count = (statuses: number[], wanted: number) => statuses.filter((status) => status === wanted).length

  t.test('of 1,000 visits at once exactly as many are given', async (t) => {
    const { id, address } = await createLink(stack, agent)
    const statuses = await Promise.all(Array.from({ length: 1_000 }, () => visit(agent, address)))
    t.same([count(statuses, 302), count(statuses, 410)], [LIMIT, 1_000 - LIMIT])
    t.same(await stored(stack, id), { used: LIMIT, clicks: LIMIT })
  })

  t.test('while a replica is killed, never more are given', async (t) => {
    const [replica] = stack.replicas
    const { id, address } = await createLink(stack, agent)
    const statuses: number[] = []
    const visits = Array.from({ length: 1_000 }, async () => {
      statuses.push(await visit(agent, address))
      // Amid the visits that are given.
      if (count(statuses, 302) === LIMIT / 4) replica?.signal('SIGKILL')
    })
    await Promise.all(visits)
    const given = count(statuses, 302)
    const { used = 0, clicks = 0 } = (await stored(stack, id)) ?? {}
    t.comment(`${given} given, ${used} used, ${clicks} clicks, ${count(statuses, 410)} refused`)
    t.ok(given <= LIMIT && given >= LIMIT / 4, `${given} given`)
    t.equal(used, clicks, 'each visit that counts has its click')
    t.ok(used <= LIMIT && used >= given, `${used} counted`)
    t.equal(replica?.restarts, 1)
  })
})
