/** Work that nobody waits for: a few at a time, a bounded number waiting, and none of it after the close. */
export interface Queue<T> {
  /** Takes `item` unless as many wait as may. */
  add(item: T): boolean
  /** Forgets what waits, ends what is under way, and resolves when that is over. */
  close(): Promise<void>
}

export interface QueueOptions<T> {
  concurrency: number
  maxWaiting: number
  /** Never rejects. */
  work(item: T, signal: AbortSignal): Promise<void>
}

/** Makes an empty queue. */
export function createQueue<T>({ concurrency, maxWaiting, work }: QueueOptions<T>): Queue<T> {
  const waiting: T[] = []
  const running = new Set<Promise<void>>()
  const end = new AbortController()

  function next(): void {
    while (running.size < concurrency && !end.signal.aborted) {
      const item = waiting.shift()
      if (item === undefined) return
      const run = work(item, end.signal).finally(() => {
        running.delete(run)
        next()
      })
      running.add(run)
    }
  }

  return {
    add(item) {
      if (waiting.length >= maxWaiting || end.signal.aborted) return false
      waiting.push(item)
      next()
      return true
    },
    async close() {
      end.abort()
      waiting.length = 0
      await Promise.all(running)
    }
  }
}
