import type { Fault } from './fault.ts'
import { inputFaults } from './faults/input.ts'
import { machineFaults } from './faults/machine.ts'
import { networkFaults } from './faults/network.ts'
import { nginxFaults } from './faults/nginx.ts'
import { postgresFaults } from './faults/postgres.ts'
import { redisFaults } from './faults/redis.ts'
import { replicaFaults } from './faults/replicas.ts'
import { workerFaults } from './faults/worker.ts'

/** All faults, in the order in which they run. */
export const faults: readonly Fault[] = [
  ...replicaFaults,
  ...workerFaults,
  ...redisFaults,
  ...postgresFaults,
  ...nginxFaults,
  ...inputFaults,
  ...machineFaults,
  ...networkFaults
]

/** Returns the faults called `names`. Throws if a name is unknown. */
export function pickFaults(names: readonly string[]): Fault[] {
  return names.map((name) => {
    const found = faults.find((fault) => fault.name === name)
    if (!found) throw new Error(`There is no fault ${name}: npm run chaos -- --list`)
    return found
  })
}
