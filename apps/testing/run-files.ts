import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { listFailures, readTotals, type Totals } from './report.ts'
import { ROOT } from './sources.ts'

/**
 * Runs test files, some at a time, and prints a line for each one after its failures. Each file is a Node
 * process as production starts it, with the compile cache. tap's own runner adds module hooks to each
 * process: they cost 2 s of CPU per file.
 */

/** Files that start servers take a minute on a busy machine. */
const TIMEOUT_S = 300

export async function runFiles(
  files: string[],
  { jobs, env }: { jobs: number; env: NodeJS.ProcessEnv }
): Promise<Totals> {
  const totals: Totals = { passed: 0, failed: 0, skipped: 0 }
  const waiting = [...files]
  let count = 0

  async function work(): Promise<void> {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const begin = performance.now()
      const { lines, problem } = await runFile(file, env)
      const { passed, failed, skipped } = readTotals(lines)
      const isGood = problem === '' && failed === 0
      totals.passed += passed
      totals.skipped += skipped
      // A file that fails without a failed assertion still counts as a failure.
      totals.failed += isGood ? 0 : Math.max(failed, 1)
      for (const line of listFailures(lines)) console.log(`    ${line}`)
      const seconds = ((performance.now() - begin) / 1000).toFixed(1)
      const cause = isGood ? '' : ` (${problem})`
      console.log(`${isGood ? 'ok' : 'not ok'} ${++count} - ${file} # ${seconds} s${cause}`)
    }
  }

  await Promise.all(Array.from({ length: jobs }, work))
  return totals
}

interface Output {
  lines: string[]
  /** How the process ended; empty if well. */
  problem: string
}

async function runFile(file: string, env: NodeJS.ProcessEnv): Promise<Output> {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--import=./apps/preload.mjs', file],
    {
      cwd: ROOT,
      env: { ...env, TAP: '1', TAP_TIMEOUT: `${TIMEOUT_S}` },
      stdio: ['ignore', 'pipe', 'inherit'],
      // tap itself ends a test in time. This is for a process that does not exit.
      timeout: (TIMEOUT_S + 60) * 1000,
      killSignal: 'SIGKILL'
    }
  )
  const lines: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line))
  const [code, signal] = await once(child, 'close')
  return { lines, problem: signal ? `ended by ${signal}` : code === 0 ? '' : `exit code ${code}` }
}
