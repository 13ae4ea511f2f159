import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeCases } from '#loadtest/bench/cases.ts'
import { measureCase, type Outcome, type Processes } from '#loadtest/bench/pairs.ts'
import { formatOutcome, tabulate } from '#loadtest/bench/report.ts'
import { loadLinks, makeCodes } from '#loadtest/links.ts'
import { startServer } from '#loadtest/measured.ts'
import { writeResults } from '#loadtest/results.ts'
import { startTestbed, type Testbed } from '#loadtest/testbed.ts'

/**
 * Measures the cost of guards to a redirect: `node loadtest/guards/main.ts`. Two servers alternate as in `npm
 * run bench`: one with keys, limits, shedding and a block list of 10,000 domains, one without any.
 */
const CASES = ['hit-buffered-worker', 'redis-hit']
const OPTIONS = { starts: 3, rounds: 2, seconds: 1.5, connections: 100 }
const BLOCKED = 10_000

const OPEN = { RATE_LIMIT: 'off', SHED_EVENT_LOOP_MS: '0' }

async function makeGuarded(folder: string): Promise<Record<string, string>> {
  const list = join(folder, 'hosts.txt')
  await writeFile(list, Array.from({ length: BLOCKED }, (_, at) => `.blocked-${at}.example\n`).join(''))
  const ADMIN_KEY = `fl_${randomBytes(8).toString('hex')}_${randomBytes(32).toString('base64url')}`
  return { AUTH: 'keys', ADMIN_KEY, RATE_LIMIT: 'on', SHED_EVENT_LOOP_MS: '1000', BLOCKED_HOSTS_FILE: list }
}

async function measure(testbed: Testbed, name: string, codes: string[], guarded: Record<string, string>) {
  const bench = makeCases(codes, []).find((one) => one.name === name)
  if (bench === undefined) throw new Error(`There is no case ${name}`)
  const start = (kind: string, more: Record<string, string>) =>
    startServer({
      core: 0,
      env: { ...testbed.env(true), ...bench.env, ...more, REDIS_PREFIX: `${name}-${kind}:` }
    })
  async function begin(): Promise<Processes> {
    const subject = await start('guarded', guarded)
    const reference = await start('open', OPEN)
    const end = async () => void (await Promise.all([subject.stop(), reference.stop()]))
    return { subject, references: new Map([['open', reference]]), end }
  }
  const { bars: _bars, ...rest } = bench
  return measureCase({ ...rest, title: bench.title, references: ['open'] }, begin, OPTIONS)
}

async function main(): Promise<void> {
  const codes = makeCodes(10_000, 1)
  const testbed = await startTestbed({ core: 1 })
  const outcomes: Outcome[] = []
  try {
    const guarded = await makeGuarded(testbed.folder)
    const server = await startServer({ env: { ...testbed.env(false), ...OPEN } })
    await loadLinks(server.url, codes)
    await server.stop()
    for (const name of CASES) {
      const outcome = await measure(testbed, name, codes, guarded)
      outcomes.push(outcome)
      process.stdout.write(`${formatOutcome(outcome)}\n`)
    }
  } finally {
    await testbed.remove()
  }
  const section = { name: 'guards', content: tabulate(outcomes) }
  await writeResults('guards', { options: OPTIONS, outcomes }, { section })
}

await main()
