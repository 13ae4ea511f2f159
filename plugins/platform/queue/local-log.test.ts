import { appendFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openSpool } from './local-log.ts'
import { takeSpoolFolder, visitAbandonedFolders } from './log-folder.ts'

async function createFolder(t: Test) {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-spool-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function open(folder: string) {
  const damages: string[] = []
  const spool = await openSpool({ folder, onDamage: (_file, detail) => damages.push(detail) })
  const replay = async () => {
    const records: string[] = []
    await spool.replay(async (record) => void records.push(record))
    return records
  }
  return { spool, damages, replay }
}

t.test('what was appended is replayed in order, once', async (t) => {
  const { spool, replay } = await open(await createFolder(t))
  t.equal(spool.isEmpty, true)
  await Promise.all(['one', 'zwei', '三', ''].map((record) => spool.append(record)))
  t.equal(spool.isEmpty, false)
  t.same(await replay(), ['one', 'zwei', '三', ''])
  t.equal(spool.isEmpty, true)
  t.same(await replay(), [])
})

t.test('the next process finds what this one left', async (t) => {
  const folder = await createFolder(t)
  const { spool } = await open(folder)
  await spool.append('one')
  const next = await open(folder)
  await next.spool.append('two')
  t.same(await next.replay(), ['one', 'two'])
  t.same(await readdir(folder), [])
})

t.test('a record that was cut off by a crash is told of, and what stood before it is replayed', async (t) => {
  const folder = await createFolder(t)
  const { spool } = await open(folder)
  await spool.append('whole')
  await spool.append('cut off')
  await spool.close()
  const [name = ''] = await readdir(folder)
  const file = join(folder, name)
  await truncate(file, (await readFile(file)).length - 3)
  const next = await open(folder)
  t.same(await next.replay(), ['whole'])
  t.match(next.damages, [/cut off/])
  t.equal(next.spool.isEmpty, true)
  t.match(await readdir(folder), [/damaged$/], 'the file is kept for people to look at')
})

t.test('a header that was cut off is a record that was cut off', async (t) => {
  const folder = await createFolder(t)
  const { spool } = await open(folder)
  await spool.append('whole')
  await spool.close()
  const [name = ''] = await readdir(folder)
  await appendFile(join(folder, name), Buffer.from([1, 2, 3]))
  const next = await open(folder)
  t.same(await next.replay(), ['whole'])
  t.match(next.damages, [/cut off/])
})

t.test('flipped bits are found', async (t) => {
  const folder = await createFolder(t)
  const { spool } = await open(folder)
  await spool.append('one')
  await spool.append('two')
  await spool.close()
  const [name = ''] = await readdir(folder)
  const bytes = await readFile(join(folder, name))
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
  await writeFile(join(folder, name), bytes)
  const next = await open(folder)
  t.same(await next.replay(), ['one'])
  t.match(next.damages, [/damaged/])
})

t.test('what is not taken stays, and what comes meanwhile waits its turn', async (t) => {
  const { spool, replay } = await open(await createFolder(t))
  await spool.append('one')
  await t.rejects(
    spool.replay(async () => {
      await spool.append('two')
      throw new Error('not yet')
    }),
    /not yet/
  )
  t.same(await replay(), ['one', 'two'])
})

t.test(
  'processes that share a data folder have spools of their own, and inherit from the dead',
  async (t) => {
    const root = await createFolder(t)
    const first = await takeSpoolFolder(root)
    const second = await takeSpoolFolder(root)
    t.not(first.folder, second.folder)
    const { spool } = await open(second.folder)
    await spool.append('left behind')
    await spool.close()
    const nobody = () => Promise.reject(new Error('a live process was disturbed'))
    t.equal(await visitAbandonedFolders(root, nobody), 0, 'its holder lives')
    await second.unlock()
    await t.rejects(
      visitAbandonedFolders(root, () => Promise.reject(new Error('not yet'))),
      /not yet/
    )
    const inherited: string[] = []
    const visited = await visitAbandonedFolders(root, async (folder) => {
      inherited.push(folder, ...(await (await open(folder)).replay()))
    })
    t.equal(visited, 1, 'what could not be taken is there for the next')
    t.same(inherited, [second.folder, 'left behind'])
    await first.unlock()
  }
)
