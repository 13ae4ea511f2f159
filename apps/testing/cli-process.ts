import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { ROOT } from './sources.ts'

/** Runs the command line as a process and captures its output, files and exit code. */

export interface Ended {
  code: number | null
  out: string
  err: string
}

/** Starts `npm run cli -- ARGS` with `env` and nothing else of this process' settings. */
export function startCli(
  env: Record<string, string>,
  ...args: string[]
): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, ['--import=./apps/preload.mjs', 'apps/cli/main.ts', ...args], {
    cwd: ROOT,
    env: { NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache'), ...env }
  })
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { child, ended: ended.then(([out, err, [code]]) => ({ code, out, err })) }
}

/** Runs the command line to its end. */
export const runCli = (env: Record<string, string>, ...args: string[]) => startCli(env, ...args).ended
