/** Number of batches in a row that close the window. */
const CLOSED_AFTER = 3

/** An open window that gathers this many items closes: without it, batches are large enough. */
const CROWD = 16

/** A batch without the window that has fewer items than this would gain from more. */
const FEW = 4

/** Batches of one item after which a closed window opens for a trial. */
const BATCHES_BETWEEN_TRIALS = 100

/** Decides whether a batch waits for more items. */
export interface GroupWindow {
  /** True if the next batch waits. Counts the batch. */
  opens(): boolean
  /** Records the number of items of a batch. */
  observe(items: number): void
}

/**
 * Makes a window that opens only while waiting pays: while it brings more items, and batches without it are
 * small. So a server with many clients at a distance groups its appends. A client with one request at a time
 * rarely waits, because after a few batches of one item the window opens for one batch in a hundred. Neither
 * do the clients of a server whose event-loop ticks bring large batches. PostgreSQL's `commit_delay` needs
 * `commit_siblings` for the first reason.
 */
export function createGroupWindow(): GroupWindow {
  let lonely = 0
  let crowded = 0
  let batches = 0
  return {
    opens() {
      if (crowded >= CLOSED_AFTER) return false
      if (lonely < CLOSED_AFTER) return true
      batches = (batches + 1) % BATCHES_BETWEEN_TRIALS
      return batches === 0
    },
    observe(items) {
      lonely = items > 1 ? 0 : lonely + 1
      if (items >= CROWD) crowded++
      else if (items < FEW || crowded < CLOSED_AFTER) crowded = 0
    }
  }
}
