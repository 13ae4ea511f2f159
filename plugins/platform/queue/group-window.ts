/** So many windows in a row that bring no company close the window. */
const LONELY_WINDOWS = 3

/** Batches after which a closed window is tried again. */
const BATCHES_BETWEEN_TRIALS = 100

/** Decides whether a batch waits for company. */
export interface GroupWindow {
  /** True if the next batch waits. Counts the batch. */
  opens(): boolean
  /** Takes the number of items that a batch came to. */
  observe(items: number): void
}

/**
 * Makes a window that opens only while waiting helps: it stays open as long as batches have company, and after a few
 * without any it opens for one batch in a hundred. So a server with many clients groups its appends, and a client
 * that sends one request at a time hardly ever waits. PostgreSQL's `commit_delay` needs `commit_siblings` for the
 * same reason.
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
