import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { makeWarmLink, sendVisitors } from '#testing/click-context.ts'
import { startServer } from '#testing/process.ts'
import { mountSmallDisk, whyNoSmallDisk } from '#testing/small-disk.ts'
import { until } from '#testing/until.ts'

t.test(
  'a full disk of PostgreSQL and the click log causes 503 until there is space, without loss',
  { skip: whyNoSmallDisk() },
  async (t) => {
    const disk = mountSmallDisk(t, 160)
    const server = await startServer(t, { DATA_DIR: join(disk.path, 'data') })
    const { request } = server
    await makeWarmLink(server, 'warm')
    const visitors = sendVisitors(server, '/warm')
    const answers = new Map<number, number>()
    let isOver = false
    const create = async () => {
      const { status } = await request('POST', '/urls', {
        json: { original_url: 'https://example.com', title: 'x'.repeat(200) }
      })
      answers.set(status, (answers.get(status) ?? 0) + 1)
      return status
    }
    const writing = (async () => {
      while (!isOver) await create()
    })()

    const filler = join(disk.path, 'filler')
    await writeFile(filler, Buffer.alloc(200 * 1024 * 1024)).catch(() => undefined)
    await until(() => visitors.aggregate.refused.has(503) && answers.has(503))
    await rm(filler)
    await visitors.untilGiven(200)
    await until(create, (status) => status === 201)
    isOver = true
    await Promise.all([writing, visitors.leave()])

    t.same([...visitors.aggregate.refused.keys()], [503], 'redirects')
    t.same([...answers.keys()].sort(), [201, 503], 'writes')
    const total = async (path: string) => Number((await request('GET', path)).headers.get('x-total-count'))
    const given = visitors.aggregate.given + 1
    const clicks = () => total('/events?event_type=click&per_page=1')
    await until(clicks, (count) => count >= given)
    t.equal(await clicks(), given, 'each redirect that was given is one click')
    // Plus the followed link. A link may exist despite its 503 if the disk was full during its commit.
    const made = (answers.get(201) ?? 0) + 1
    const stored = await total('/urls?per_page=1')
    t.ok(stored >= made && stored <= made + (answers.get(503) ?? 0), `${stored} links of ${made}`)
    t.same(await server.end(), { code: 0, signal: null })
  }
)
