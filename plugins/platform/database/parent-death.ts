import { type ChildProcess, spawn } from 'node:child_process'

/** Waits for its input to close; then asks the process to end, and 10 s later makes it. */
const WATCH = `read -r _; kill -INT "$0" || exit; n=0
while kill -0 "$0" && [ $n -lt 100 ]; do sleep 0.1; n=$((n + 1)); done
kill -QUIT "$0"; sleep 1; kill -KILL "$0"`

/**
 * Ends `child` when this process ends in whatever way, kill -9 included: a shell holds the other end of a pipe that the kernel
 * closes with us. Gives the function that calls it off, for a child that has ended.
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
