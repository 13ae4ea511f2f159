import type { Executor } from './index.ts'

interface Query<Rows> {
  execute(values: Record<string, unknown>): Promise<Rows>
}

/** Executors whose connections may keep named statements. */
const keepers = new WeakSet<Executor>()

/** Lets statements that run on `on` be kept by name on its connections. */
export function keepStatements(on: Executor): void {
  keepers.add(on)
}

/**
 * Makes a function that runs a query on an executor with `values` for its placeholders. Drizzle builds and casts a
 * query in 100 to 300 µs, so `build` runs once for each executor and `shape`, a text that says which parts the query
 * has. `name` is unique, since connections keep the statement by it.
 */
export function prepareQuery<Rows>(
  name: string,
  build: (on: Executor, shape: string) => { prepare(name: string): Query<Rows> }
): (on: Executor, values: Record<string, unknown>, shape?: string) => Promise<Rows> {
  const queries = new WeakMap<Executor, Map<string, Query<Rows>>>()

  function find(on: Executor, shape: string): Query<Rows> {
    const ofExecutor = queries.get(on) ?? new Map<string, Query<Rows>>()
    queries.set(on, ofExecutor)
    const query = ofExecutor.get(shape) ?? build(on, shape).prepare(keepers.has(on) ? `${name}:${shape}` : '')
    ofExecutor.set(shape, query)
    return query
  }

  return (on, values, shape = '') => find(on, shape).execute(values)
}
