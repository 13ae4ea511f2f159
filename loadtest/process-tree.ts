import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'

/**
 * The resource use of a process and its descendants, read from /proc (Linux). A server counts with its
 * PostgreSQL.
 */

interface Entry {
  pid: number
  parent: number
  /** CPU time of its threads and of its children that have ended, in seconds. */
  cpuSeconds: number
}

/** Clock ticks per second in /proc/PID/stat: USER_HZ, 100 on every Linux (proc(5)). */
const TICKS = 100
const SETTLE_TIMEOUT_MS = 5_000

/** Lists process `root` and its descendants; empty once it has ended. */
export function listTree(root: number): Entry[] {
  const all = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? readEntry(Number(name)) : []))
  const tree = all.filter(({ pid }) => pid === root)
  // The loop also visits what it appends.
  for (const { pid } of tree) tree.push(...all.filter(({ parent }) => parent === pid))
  return tree
}

/** Returns the CPU time of the tree of `root` since it started, in seconds. */
export function readCpuSeconds(root: number): number {
  return listTree(root).reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0)
}

/**
 * Returns the proportional set size of the tree of `root` in MiB. Each shared page counts once (smaps_rollup
 * of proc(5)).
 */
export function readPssMiB(root: number): number {
  const sizes = listTree(root).map(({ pid }) => readMiB(pid, 'smaps_rollup', 'Pss'))
  return Math.round(sizes.reduce((sum, value) => sum + value, 0))
}

/** Returns a size in `file` of process `pid`, in MiB; 0 once it has ended. */
export function readMiB(pid: number, file: 'smaps_rollup' | 'status', field: string): number {
  const [, kibibytes = 0] = new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(read(pid, file)) ?? []
  return Math.round(Number(kibibytes) / 1024)
}

/** Waits up to 5 s until the tree of `root` is idle. Resolves with its CPU time then, in seconds. */
export async function settle(root: number): Promise<number> {
  const deadline = performance.now() + SETTLE_TIMEOUT_MS
  let last = readCpuSeconds(root)
  while (performance.now() < deadline) {
    await wait(250)
    const now = readCpuSeconds(root)
    if (now - last <= 0.02) return now
    last = now
  }
  return last
}

function readEntry(pid: number): Entry[] {
  // The name in parentheses may contain any character. After it, field 4 is the parent; 14 to 17 are user and
  // system time of the process and of its ended children.
  const fields = read(pid, 'stat')
    .replace(/^.*\) /s, '')
    .split(' ')
    .map(Number)
  const [, parent = 0] = fields
  if (fields.length < 15) return []
  const ticks = fields.slice(11, 15).reduce((sum, value) => sum + value, 0)
  return [{ pid, parent, cpuSeconds: ticks / TICKS }]
}

/** Reads a file of process `pid`; empty once it has ended. */
function read(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8')
  } catch {
    return ''
  }
}
