/**
 * When keys were used last: remembered here, and written once in a while in one statement, so that a busy key costs its
 * requests nothing. A process that is killed forgets the last minute.
 */
export interface Uses {
  note(publicId: string, now: number): void
  /** Writes what was noted since the last time; keeps it when that fails. Never rejects. */
  flush(): Promise<void>
}

/** `write` takes the noted keys and their times, `onError` why they could not be written. */
export function createLastUsed(
  write: (lastUsed: readonly (readonly [id: string, at: number])[]) => Promise<void>,
  onError: (error: unknown) => void
): Uses {
  // As large as there are good keys, since only those are noted.
  let noted = new Map<string, number>()
  return {
    note(publicId, now) {
      noted.set(publicId, now)
    },
    async flush() {
      if (noted.size === 0) return
      const writing = noted
      noted = new Map()
      try {
        await write([...writing])
      } catch (error) {
        for (const [id, at] of writing) if (!noted.has(id)) noted.set(id, at)
        onError(error)
      }
    }
  }
}
