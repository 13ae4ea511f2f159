import { spawnSync } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Context, Fault } from '#ops/chaos/fault.ts'
import { whyNoDisks } from '#ops/chaos/testbed.ts'
import { ROOT } from '#testing/sources.ts'

/** Faults of machines and maintenance: disks, clocks, releases. */

/** Fills a part's disk; returns the function that empties it again. */
function fill({ folder }: Context, part: string): () => Promise<void> {
  const ballast = join(folder, part, 'ballast')
  // dd ends with "no space left", as intended.
  spawnSync('dd', ['if=/dev/zero', `of=${ballast}`, 'bs=1M'], { stdio: 'ignore' })
  if (!existsSync(ballast)) throw new Error(`${ballast} could not be written`)
  return () => rm(ballast, { force: true })
}

/** Debian's faketime, which gives one process its own clock. */
function findFaketime(): string | undefined {
  return globSync('/usr/lib/*/faketime/libfaketime.so.1')[0]
}

export const machineFaults: Fault[] = [
  {
    name: 'disk-full-postgres',
    what: 'The disk of PostgreSQL is full for 8 s.',
    testbed: 'linked',
    isImpossible: whyNoDisks,
    mayFail: { kinds: ['create', 'fresh'], because: 'what can not be written is refused' },
    recoverWithinMs: 20_000,
    async run(context) {
      const empty = fill(context, 'postgres')
      await context.hold(8_000).finally(empty)
    }
  },
  {
    name: 'disk-full-redis',
    what: 'The disk of Redis is full, until an alert arrives.',
    testbed: 'linked',
    isImpossible: whyNoDisks,
    alerts: ['RedisNotPersisting'],
    async run(context) {
      const empty = fill(context, 'redis')
      await context.hold(8_000).finally(empty)
    }
  },
  {
    name: 'disk-full-replica',
    what: 'Redis and PostgreSQL are out of reach and the disk of a replica, where its clicks would wait, is full.',
    testbed: 'linked',
    isImpossible: whyNoDisks,
    mayFail: {
      kinds: ['follow', 'fresh', 'create'],
      because: 'a redirect whose click nothing can take is refused, so that none is given uncounted'
    },
    async run(context) {
      const empty = fill(context, 'replica-1')
      try {
        await context.network?.setCondition(/^replica-/, /^(redis|postgres)$/, { kind: 'cut' })
        await context.hold(6_000)
      } finally {
        await context.network?.setCondition(/^replica-/, /^(redis|postgres)$/, { kind: 'clear' })
        await empty()
      }
    }
  },
  {
    name: 'clock-step',
    what: 'The clock of a replica jumps an hour ahead and, seconds later, two hours back.',
    testbed: 'plain',
    isImpossible: () => (findFaketime() ? null : 'faketime is not installed'),
    async run({ stack, folder, hold }) {
      const [replica] = stack.replicas
      if (!replica) throw new Error('there is no replica')
      const { env } = replica.unit
      const clock = join(folder, 'clock')
      await writeFile(clock, '+0')
      replica.unit.env = {
        ...env,
        LD_PRELOAD: findFaketime() ?? '',
        FAKETIME_TIMESTAMP_FILE: clock,
        FAKETIME_CACHE_DURATION: '1',
        // Monotonic clocks stay right, as they do when a machine's time is set.
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
        DONT_FAKE_MONOTONIC: '1'
      }
      try {
        await replica.stop()
        await replica.start()
        await hold(2_000)
        await writeFile(clock, '+3600')
        await hold(4_000)
        await writeFile(clock, '-3600')
        await hold(4_000)
      } finally {
        await replica.stop()
        if (env) replica.unit.env = env
        await replica.start()
      }
    }
  },
  {
    name: 'migration',
    what: 'The next release is rolled out, with a migration that adds a column, an index and a table; the old one serves beside it.',
    testbed: 'plain',
    async run({ stack, folder, query, check }) {
      const release = await makeRelease(join(folder, 'release'))
      const processes = [...stack.replicas, stack.unit('worker')]
      const before = processes.map(({ unit }) => unit.cwd)
      const use = (cwd: (at: number) => string | undefined) => {
        for (const [at, { unit }] of processes.entries()) unit.cwd = cwd(at) ?? ROOT
      }
      use(() => release)
      try {
        await stack.rollingRestart()
        const rows = await query<object>(`SELECT 1 FROM pg_tables WHERE tablename = 'chaos_release'`)
        check('the migration ran', rows.length === 1)
      } finally {
        use((at) => before[at])
        await stack.rollingRestart()
      }
    }
  }
]

/** Copies the sources and adds a migration. Returns the folder. */
async function makeRelease(folder: string): Promise<string> {
  await mkdir(folder)
  for (const name of ['apps', 'plugins', 'schema', 'drizzle', 'package.json'])
    await cp(join(ROOT, name), join(folder, name), { recursive: true })
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  const journalFile = join(folder, 'drizzle', 'meta', '_journal.json')
  const journal = JSON.parse(await readFile(journalFile, 'utf8')) as {
    entries: { idx: number; version: string; when: number; tag: string; breakpoints: boolean }[]
  }
  const last = journal.entries.at(-1)
  if (!last) throw new Error('there is no migration')
  const tag = 'next_release'
  journal.entries.push({ ...last, idx: last.idx + 1, when: last.when + 1, tag })
  await writeFile(journalFile, JSON.stringify(journal))
  await writeFile(
    join(folder, 'drizzle', `${tag}.sql`),
    [
      'ALTER TABLE urls ADD COLUMN chaos_note text',
      'CREATE TABLE chaos_release (id bigint PRIMARY KEY)',
      'CREATE INDEX chaos_release_by_id ON chaos_release (id)'
    ].join(';\n--> statement-breakpoint\n')
  )
  return folder
}
