import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A memory cgroup without swap, of version 1 or 2, depending on the machine. */
export interface MemoryCgroup {
  /** The prefix of a command that runs a program and its descendants in the group. */
  enter: string[]
  /** Returns how many processes the kernel has killed for lack of memory. */
  killed(): number
  /** Removes the group. Its processes must have ended. */
  remove(): void
}

const V1 = {
  base: '/sys/fs/cgroup/memory',
  limits: { 'memory.limit_in_bytes': true, 'memory.memsw.limit_in_bytes': true },
  events: 'memory.oom_control'
}
const V2 = {
  base: '/sys/fs/cgroup',
  limits: { 'memory.max': true, 'memory.swap.max': false },
  events: 'memory.events'
}

/**
 * Creates a group with a limit of `limitMiB`. Throws if this process may not, or if the kernel has no such
 * groups.
 */
export function makeMemoryCgroup(limitMiB: number): MemoryCgroup {
  const { base, limits, events } = existsSync(join(V1.base, 'memory.limit_in_bytes')) ? V1 : V2
  const folder = join(base, `fairlead-${process.pid}`)
  if (base === V2.base) writeFileSync(join(base, 'cgroup.subtree_control'), '+memory')
  mkdirSync(folder)
  const remove = () => {
    if (existsSync(folder)) rmdirSync(folder)
  }
  try {
    for (const [name, isLimit] of Object.entries(limits))
      writeFileSync(join(folder, name), `${isLimit ? limitMiB * 2 ** 20 : 0}`)
  } catch (error) {
    remove()
    throw error
  }
  return {
    enter: ['sh', '-c', 'echo $$ > "$0/cgroup.procs" && exec "$@"', folder],
    killed: () => Number(/^oom_kill (\d+)/m.exec(readFileSync(join(folder, events), 'utf8'))?.[1]),
    remove
  }
}
