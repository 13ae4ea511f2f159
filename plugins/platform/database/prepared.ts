import type { Executor } from './index.ts'

interface Query<Rows> {
  execute(values: Record<string, unknown>): Promise<Rows>
}

/** Executors whose connections may keep named statements. */
const keepers = new WeakSet<Executor>()

/** Built queries that are kept. A list with many filters has hundreds of thousands of shapes. */
const MAX_SHAPES = 500

/** Allows named statements on the connections of `on`. */
export function keepStatements(on: Executor): void {
  keepers.add(on)
}

/**
 * Makes a function that runs a query on an executor with `values` for its placeholders. Drizzle takes 100 to
 * 300 µs to build and cast a query, so `build` runs once per executor and `shape`. `shape` is a text that
 * identifies the optional parts of the query. `name` must be unique, because connections keep the statement
 * under it. Statements of shapes that are not `isNamed` are planned for each execution.
 */
export function prepareQuery<Rows>(
  name: string,
  build: (on: Executor, shape: string) => { prepare(name: string): Query<Rows> },
  isNamed: (shape: string) => boolean = () => true
): (on: Executor, values: Record<string, unknown>, shape?: string) => Promise<Rows> {
  const queries = new WeakMap<Executor, Map<string, Query<Rows>>>()

  function find(on: Executor, shape: string): Query<Rows> {
    const ofExecutor = queries.get(on) ?? new Map<string, Query<Rows>>()
    queries.set(on, ofExecutor)
    const known = ofExecutor.get(shape)
    if (known !== undefined) return known
    const query = build(on, shape).prepare(keepers.has(on) && isNamed(shape) ? `${name}:${shape}` : '')
    ofExecutor.set(shape, query)
    for (const oldest of ofExecutor.keys()) {
      if (ofExecutor.size <= MAX_SHAPES) break
      ofExecutor.delete(oldest)
    }
    return query
  }

  return (on, values, shape = '') => find(on, shape).execute(values)
}
