import { spawnSync } from 'node:child_process'
import { cp, readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import t from 'tap'
import { makeFolder } from './folder.ts'
import { ROOT } from './sources.ts'

/** The migrations are complete and match the tables. */

interface Journal {
  entries: { idx: number; when: number; tag: string }[]
}

const folder = join(ROOT, 'drizzle')
const readJournal = async (from: string): Promise<Journal> =>
  JSON.parse(await readFile(join(from, 'meta', '_journal.json'), 'utf8'))

t.test('every migration is in the journal and every entry has its file', async (t) => {
  const { entries } = await readJournal(folder)
  const files = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()
  t.ok(files.length >= 2)
  t.same(
    entries.map(({ tag }) => `${tag}.sql`),
    files
  )
  t.same(
    entries.map(({ idx }) => idx),
    entries.map((_, index) => index)
  )
})

// The migrator silently skips migrations older than the last one applied.
t.test('the times of the journal rise strictly', async (t) => {
  const { entries } = await readJournal(folder)
  for (const [index, { tag, when }] of entries.entries()) {
    const before = entries[index - 1]
    t.ok(before === undefined || when > before.when, `${tag} is newer than ${before?.tag ?? 'nothing'}`)
  }
})

t.test('the tables match the last migration', async (t) => {
  const copy = await makeFolder(t)
  await cp(folder, copy, { recursive: true })
  // drizzle-kit takes an absolute path for a relative one, and then silently finds nothing.
  const out = relative(ROOT, copy)
  const args = ['generate', '--dialect=postgresql', '--schema=./schema/tables/*.ts', `--out=${out}`]
  const { status, stdout, stderr } = spawnSync(join(ROOT, 'node_modules', '.bin', 'drizzle-kit'), args, {
    cwd: ROOT,
    encoding: 'utf8'
  })
  t.equal(status, 0, stderr)
  t.match(stdout, /No schema changes/, 'else run npm run db:generate')
  t.same(await readJournal(copy), await readJournal(folder))
})
