/** Applies a release, watches it and rolls it back, in the same way for every platform. */

/** A release and its rollback. */
export interface Release {
  /** Applies the release, one process after the other. Throws if a process does not answer. */
  apply(): Promise<void>
  /** Restores the previous release. Throws if there was none, or if it does not answer. */
  rollBack(): Promise<void>
}

/** Thrown after a rollback: the previous release runs again, and `message` has the reason. */
export class RolledBack extends Error {
  override readonly name = 'RolledBack'
}

/** Thrown when the rollback failed too: an operator has to act now. */
export class RollbackFailed extends Error {
  override readonly name = 'RollbackFailed'
}

/**
 * Applies a release and then runs `check`. If either throws, rolls back and throws {@link RolledBack} or
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
