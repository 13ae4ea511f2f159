/** Puts a release in place, watches it and takes it back: the same for every place that it may run in. */

/** A release, and the way back from it. */
export interface Release {
  /** Puts it in place, one process after the other. Throws where one does not come to answer. */
  apply(): Promise<void>
  /** Puts back what was there before. Throws where there was nothing, or that does not answer. */
  rollBack(): Promise<void>
}

/** Thrown when a release was taken back: what was there before runs again, and `message` says what was wrong. */
export class RolledBack extends Error {
  override readonly name = 'RolledBack'
}

/** Thrown when it could not even be taken back: somebody has to look now. */
export class RollbackFailed extends Error {
  override readonly name = 'RollbackFailed'
}

/**
 * Applies a release and then runs `check`. Where one of the two throws it rolls back and throws {@link RolledBack}, or
 * {@link RollbackFailed}.
 */
export async function deploy(
  release: Release,
  check: () => Promise<unknown>,
  log: (line: string) => void
): Promise<void> {
  try {
    await release.apply()
    log('in place; watching it')
    await check()
    log('kept')
  } catch (error) {
    const reason = (error as Error).message
    log(`not good:\n${reason}\nrolling back`)
    try {
      await release.rollBack()
    } catch (second) {
      throw new RollbackFailed(`${reason}\nand it can't be taken back: ${(second as Error).message}`, {
        cause: second
      })
    }
    log('rolled back')
    throw new RolledBack(reason, { cause: error })
  }
}
