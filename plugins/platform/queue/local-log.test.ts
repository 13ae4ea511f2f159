import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { type LocalLog, type LocalLogOptions, LogFull, openLocalLog } from './local-log.ts'
import { takeLogFolder, visitLogFolders } from './log-folder.ts'

async function createFolder(t: Test) {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-log-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

const opened: LocalLog[] = []
t.teardown(() => Promise.all(opened.map((log) => log.close())))

async function open(folder: string, options: Partial<LocalLogOptions> = {}) {
  const damages: { detail: string; isTail: boolean }[] = []
  const log = await openLocalLog({
    folder,
    maxBytes: 2 ** 30,
    onDamage: (_file, detail, isTail) => damages.push({ detail, isTail }),
    ...options
  })
  opened.push(log)
  /** Reads to the end, then releases all of it. */
  const drain = async () => {
    const records: string[] = []
    for (let record = await log.read(); record !== null; record = await log.read()) records.push(record)
    await log.release(log.position)
    return records
  }
  return { log, damages, drain }
}

/** A segment in the format of earlier releases: records without zeros behind them. */
function segmentOf(records: string[]): Buffer {
  return Buffer.concat(
    records.map((record) => {
      const body = Buffer.from(record)
      const header = Buffer.alloc(8)
      header.writeUInt32LE(body.length, 0)
      header.writeUInt32LE(crc32(body), 4)
      return Buffer.concat([header, body])
    })
  )
}

t.test('records are read in the order in which they were appended, once', async (t) => {
  const { log, drain } = await open(await createFolder(t))
  await Promise.all(['one', 'zwei', '三'].map((record) => log.append(record)))
  t.ok(log.oldestMs > 0)
  t.same(await drain(), ['one', 'zwei', '三'])
  t.equal(log.bytes, 0)
  t.equal(log.oldestMs, 0)
  t.same(await drain(), [])
  await log.append('four')
  t.same(await drain(), ['four'])
})

t.test('a log whose records are all stored leaves nothing', async (t) => {
  const folder = await createFolder(t)
  const { log, drain } = await open(folder)
  await log.append('one')
  await drain()
  await log.close()
  t.same(await readdir(folder), [])
})

t.test('after a restart or a kill, reading resumes behind the stored records', async (t) => {
  const folder = await createFolder(t)
  const { log } = await open(folder)
  for (const record of ['one', 'two', 'three']) await log.append(record)
  await log.read()
  await log.release(log.position)
  await log.read()
  const next = await open(folder)
  await next.log.append('four')
  t.same(await next.drain(), ['two', 'three', 'four'])
  await next.log.close()
})

t.test('an invalid position is ignored', async (t) => {
  for (const text of ['', 'x', `${'0'.repeat(12)} ${'9'.repeat(12)} 0000000000\n`]) {
    const folder = await createFolder(t)
    const { log } = await open(folder)
    await log.append('one')
    await log.read()
    await log.release(log.position)
    await writeFile(join(folder, 'position'), text)
    t.same(await (await open(folder)).drain(), ['one'], 'the ids of its items make reading it again harmless')
  }
})

t.test('segments of an earlier release are read, before those of this one', async (t) => {
  const folder = await createFolder(t)
  await writeFile(join(folder, '000000000007.spool'), segmentOf(['one', 'two']))
  await writeFile(join(folder, '000000000008.spool'), segmentOf(['three']))
  const { log, drain, damages } = await open(folder)
  await log.append('four')
  t.same(await drain(), ['one', 'two', 'three', 'four'])
  t.same(damages, [])
  await log.close()
  t.same(await readdir(folder), [])
})

t.test('finished segments are deleted while others are written', async (t) => {
  const folder = await createFolder(t)
  const { log, drain } = await open(folder)
  const record = 'r'.repeat(1024 * 1024)
  const segments = async () => (await readdir(folder)).filter((name) => name.endsWith('.log')).length
  let read = 0
  for (let round = 0; round < 30; round++) {
    const appended = log.append(record)
    if (round % 10 === 9) read += (await drain()).length
    await appended
  }
  t.equal(read + (await drain()).length, 30)
  t.ok((await segments()) <= 1)
})

t.test('a full log refuses appends until records are stored', async (t) => {
  const { log, drain } = await open(await createFolder(t), { maxBytes: 20 * 1024 * 1024 })
  const record = 'r'.repeat(1024 * 1024)
  let taken = 0
  await t.rejects(async () => {
    for (;;) {
      await log.append(record)
      taken++
    }
  }, LogFull)
  t.ok(taken >= 17 && taken <= 20, `${taken} records of 1 MiB`)
  t.equal((await drain()).length, taken)
  await log.append(record)
  t.same((await drain()).length, 1)
})

t.test('an unrelated file or folder is left alone', async (t) => {
  const folder = await createFolder(t)
  await writeFile(join(folder, 'notes.txt'), 'mine')
  await writeFile(join(folder, '7.log'), 'mine')
  await mkdir(join(folder, '000000000001.log'))
  const { log, drain } = await open(folder)
  await log.append('one')
  t.same(await drain(), ['one'])
  await log.close()
  t.same((await readdir(folder)).sort(), ['000000000001.log', '7.log', 'notes.txt'])
})

t.test('whatever a crash leaves of the tail, all before it is read and nothing else', async (t) => {
  const records = fc.array(fc.string({ minLength: 1, maxLength: 300 }), { minLength: 1, maxLength: 30 })
  const tail = fc.oneof(
    fc.constant({ kind: 'none' as const }),
    fc.record({ kind: fc.constant('cut' as const), bytes: fc.nat(400) }),
    fc.record({ kind: fc.constant('zeros' as const), bytes: fc.nat(5_000) }),
    fc.record({
      kind: fc.constant('garbage' as const),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 400 })
    }),
    fc.record({ kind: fc.constant('flip' as const), at: fc.nat(100_000) })
  )
  await fc.assert(
    fc.asyncProperty(records, tail, async (records, tail) => {
      const folder = await createFolder(t)
      let bytes: Buffer = segmentOf(records)
      if (tail.kind === 'cut') bytes = bytes.subarray(0, Math.max(0, bytes.length - tail.bytes))
      if (tail.kind === 'zeros') bytes = Buffer.concat([bytes, Buffer.alloc(tail.bytes)])
      if (tail.kind === 'garbage') bytes = Buffer.concat([bytes, tail.bytes])
      const at = tail.kind === 'flip' ? tail.at % bytes.length : bytes.length
      if (tail.kind === 'flip') bytes[at] = (bytes[at] ?? 0) ^ 0x55
      await writeFile(join(folder, '000000000001.log'), bytes)
      // Number of whole records before the damage.
      let whole = 0
      for (let end = 0; whole < records.length; whole++) {
        end += segmentOf([records[whole] ?? '']).length
        if (end > Math.min(at, bytes.length)) break
      }
      const { log, drain, damages } = await open(folder)
      await log.append('later')
      const read = await drain()
      await log.close()
      t.same(read.slice(0, whole), records.slice(0, whole))
      // Random bytes pass as a record only if their checksum matches, and here it does not.
      t.same(read.slice(whole), ['later'])
      if (damages.length > 0) t.match(await readdir(folder), [/damaged$/], 'the file is kept')
    }),
    { numRuns: 60 }
  )
})

t.test('a damaged length does not allocate memory', async (t) => {
  const folder = await createFolder(t)
  const bytes = segmentOf(['one', 'two'])
  bytes.writeUInt32LE(0xffff_fff0, segmentOf(['one']).length)
  await writeFile(join(folder, '000000000001.log'), bytes)
  const before = process.memoryUsage().arrayBuffers
  const { drain, damages } = await open(folder)
  t.same(await drain(), ['one'])
  t.match(damages, [{ detail: /cut off/, isTail: true }])
  t.ok(process.memoryUsage().arrayBuffers - before < 64 * 1024 * 1024)
})

t.test('damage in the middle of a log hides no later segment', async (t) => {
  const folder = await createFolder(t)
  const bytes = segmentOf(['one', 'two'])
  bytes[bytes.length - 1] = 0
  await writeFile(join(folder, '000000000001.log'), bytes)
  await writeFile(join(folder, '000000000002.log'), segmentOf(['three']))
  const { drain, damages } = await open(folder)
  t.same(await drain(), ['one', 'three'])
  t.match(damages, [{ detail: /damaged/, isTail: false }])
})

t.test('records larger than the read buffer are read whole', async (t) => {
  const { log, drain } = await open(await createFolder(t))
  const records = [1, 255, 256, 257, 3_000].map((kib) => `${kib}:${'ü'.repeat(kib * 512)}`)
  for (const record of records) await log.append(record)
  t.same(await drain(), records)
})

t.test('the disk has a record before the append resolves', async (t) => {
  const folder = await createFolder(t)
  const { log } = await open(folder)
  await log.append('one')
  const [name = ''] = (await readdir(folder)).filter((file) => file.endsWith('.log'))
  t.ok((await readFile(join(folder, name))).subarray(0, 11).equals(segmentOf(['one'])))
  t.ok((await stat(join(folder, name))).size > 1024 * 1024, 'with room behind it')
})

t.test('logs of live processes are read and left alone', async (t) => {
  const folder = await createFolder(t)
  const { log } = await open(folder)
  await log.append('one')
  await log.append('two')
  const before = (await readdir(folder)).sort()
  const foreign = await open(folder, { isForeign: true })
  t.same(await foreign.drain(), ['one', 'two'])
  await foreign.log.close()
  t.same((await readdir(folder)).sort(), before)
  t.equal(await log.read(), 'one')
})

t.test('processes on one data folder have separate logs, and take over those of the dead', async (t) => {
  const root = await createFolder(t)
  await writeFile(join(root, '1'), 'a stray file')
  const first = await takeLogFolder(root)
  const second = await takeLogFolder(root)
  t.same([first.folder, second.folder], [join(root, '0'), join(root, '2')])
  const { log } = await open(second.folder)
  await log.append('left behind')
  await log.close()
  const visits: [string, boolean][] = []
  const errors: unknown[] = []
  const onError = (folder: string, error: unknown) => errors.push([folder, error])
  const visit = () =>
    visitLogFolders(root, first.folder, async (...visited) => visits.push(visited) > 0, onError)
  await visit()
  t.same(visits, [[second.folder, true]], 'its holder lives')
  await second.unlock()
  const error = new Error('not yet')
  t.equal(await visitLogFolders(root, first.folder, () => Promise.reject(error), onError), false)
  t.same(errors, [[second.folder, error]])
  await visit()
  t.same(visits[1], [second.folder, false], 'what could not be taken is there for the next visit')
  await first.unlock()
})
