/** Number of successive single-item batches that close the window. */
const LONELY_WINDOWS = 3

/** Batches after which a closed window opens for a trial. */
const BATCHES_BETWEEN_TRIALS = 100

/** Decides whether a batch waits for more items. */
export interface GroupWindow {
  /** True if the next batch waits. Counts the batch. */
  opens(): boolean
  /** Records the number of items of a batch. */
  observe(items: number): void
}

/**
 * Makes a window that opens only while waiting brings more items. It stays open as long as batches have
 * several items. After a few batches of one item, it opens for one batch in a hundred. So a server with many
 * clients groups its appends, and a client with one request at a time rarely waits. PostgreSQL's
 * `commit_delay` needs `commit_siblings` for the same reason.
 */
export function createGroupWindow(): GroupWindow {
  let lonely = 0
  let batches = 0
  return {
    opens() {
      if (lonely < LONELY_WINDOWS) return true
      batches = (batches + 1) % BATCHES_BETWEEN_TRIALS
      return batches === 0
    },
    observe(items) {
      lonely = items > 1 ? 0 : lonely + 1
    }
  }
}
