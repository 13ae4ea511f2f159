interface Run<Result> {
  result: Promise<Result>
  next: Promise<Result> | null
}

/**
 * Makes a function that runs `work`, and shares runs among concurrent calls with the same key. A call during
 * a run waits for the next run, together with all calls until that begins; it runs the `work` of the first of
 * them. So at most one run of a key is under way, and no result is older than its call. A rejected run
 * rejects only the calls that share it.
 */
export function shareRuns<Key, Result>(): (key: Key, work: () => Promise<Result>) => Promise<Result> {
  const runs = new Map<Key, Run<Result>>()

  function start(key: Key, work: () => Promise<Result>): Promise<Result> {
    const run: Run<Result> = { result: work(), next: null }
    runs.set(key, run)
    const end = () => run.next === null && runs.delete(key)
    run.result.then(end, end)
    return run.result
  }

  return (key, work) => {
    const run = runs.get(key)
    if (run === undefined) return start(key, work)
    const restart = () => start(key, work)
    run.next ??= run.result.then(restart, restart)
    return run.next
  }
}
