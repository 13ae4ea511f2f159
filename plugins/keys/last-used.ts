/**
 * Remembers when keys were last used, and writes the times periodically in one statement, so that requests do
 * not wait for it. A process that is killed loses the last minute.
 */
export interface Uses {
  note(publicId: string, now: number): void
  /** Writes the times since the last flush; keeps them if that fails. Never rejects. */
  flush(): Promise<void>
}

/** `write` takes key ids and their times; `onError` receives the error of a failed write. */
export function createLastUsed(
  write: (lastUsed: readonly (readonly [id: string, at: number])[]) => Promise<void>,
  onError: (error: unknown) => void
): Uses {
  // Bounded by the number of valid keys, since only those are noted.
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
