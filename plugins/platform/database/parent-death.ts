import { type ChildProcess, spawn } from 'node:child_process'

/** Waits until its input closes, then sends SIGINT to the process, and stronger signals 10 s later. */
const WATCH = `read -r _; kill -INT "$0" || exit; n=0
while kill -0 "$0" && [ $n -lt 100 ]; do sleep 0.1; n=$((n + 1)); done
kill -QUIT "$0"; sleep 1; kill -KILL "$0"`

/**
 * Ends `child` when this process ends for any reason, kill -9 included. A shell holds the other end of a
 * pipe, which the kernel closes when this process ends. Returns the function that cancels this, for a child
 * that has ended.
 */
export function killWithThisProcess({ pid }: ChildProcess): () => void {
  if (pid === undefined) return () => undefined
  const watcher = spawn('sh', ['-c', WATCH, `${pid}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true
  })
  watcher.on('error', () => undefined)
  watcher.unref()
  const { stdin } = watcher
  stdin?.on('error', () => undefined)
  if (stdin && 'unref' in stdin && typeof stdin.unref === 'function') stdin.unref()
  return () => void watcher.kill('SIGKILL')
}
