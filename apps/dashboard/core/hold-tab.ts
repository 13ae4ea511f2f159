const hold = (event: Event) => event.preventDefault()
let held = 0

/** Asks before the tab closes while `work` goes on, because closing would end it. */
export async function holdTab<T>(work: () => Promise<T>): Promise<T> {
  held++
  addEventListener('beforeunload', hold)
  try {
    return await work()
  } finally {
    held--
    if (held === 0) removeEventListener('beforeunload', hold)
  }
}
