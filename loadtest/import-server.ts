import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'

/** A server process of this tree whose use of the machine is read from /proc (Linux). */
export interface MeasuredServer {
  url: string
  /** CPU time of all its threads since the start, in seconds. */
  cpuSeconds(): Promise<number>
  memory(): Promise<{ nowMiB: number; peakMiB: number }>
  stop(): Promise<void>
}

/** Clock ticks a second in /proc/PID/stat: USER_HZ, 100 on every Linux (proc(5)). */
const TICKS = 100

/** Starts `apps/server` on a free port, as `npm start` does, and waits until it listens. */
export async function startMeasured(env: Record<string, string>): Promise<MeasuredServer> {
  const child = spawn(process.execPath, ['--import=./apps/preload.ts', 'apps/server/main.ts'], {
    env: { PORT: '0', LOG_LEVEL: 'info', ...env },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const exited = once(child, 'exit')
  let url: string | undefined
  for await (const line of createInterface(child.stdout)) {
    const entry = JSON.parse(line) as { msg: string; url?: string }
    if (entry.msg !== 'listening') continue
    url = entry.url
    break
  }
  if (url === undefined) throw new Error('the server did not start')
  child.stdout.resume()
  const read = (name: string) => readFile(`/proc/${child.pid}/${name}`, 'utf8')
  const mebibytes = (status: string, field: string) =>
    Math.round(Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) / 1024)
  return {
    url,
    async cpuSeconds() {
      // After the name in parentheses, which may hold anything: field 14 is user time, 15 system time.
      const fields = (await read('stat')).replace(/^.*\) /, '').split(' ')
      return (Number(fields[11]) + Number(fields[12])) / TICKS
    },
    async memory() {
      const status = await read('status')
      return { nowMiB: mebibytes(status, 'VmRSS'), peakMiB: mebibytes(status, 'VmHWM') }
    },
    async stop() {
      child.kill()
      await exited
    }
  }
}
