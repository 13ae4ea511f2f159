import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { FolderInUse, lockFolder } from '#platform/database/folder-lock.ts'
import { hasSegments } from './local-log.ts'

/**
 * Folders for logs below one data folder, which processes on one machine may share. Each process takes the
 * first folder that no live process holds, and so finds the log of a dead one.
 */
export interface LogFolder {
  folder: string
  unlock(): Promise<void>
}

/** Locks the first folder below `root` that no live process holds. */
export async function takeLogFolder(root: string): Promise<LogFolder> {
  for (let number = 0; ; number++) {
    const taken = await tryFolder(join(root, String(number)))
    if (taken) return taken
  }
}

/**
 * Runs `work` for each other folder below `root` that has a log. `isForeign`: a live process holds the
 * folder. All others are locked during `work`. Returns true if all calls resolve to true. Errors go to
 * `onError`, and the next folder follows.
 */
export async function visitLogFolders(
  root: string,
  own: string | null,
  work: (folder: string, isForeign: boolean) => Promise<boolean>,
  onError: (folder: string, error: unknown) => void
): Promise<boolean> {
  let isDone = true
  const names = await readdir(root).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    isDone = false
    onError(root, error)
    return []
  })
  for (const name of names) {
    const folder = join(root, name)
    if (!/^\d+$/.test(name) || folder === own) continue
    let taken: LogFolder | null = null
    try {
      if (!(await hasSegments(folder))) continue
      taken = await tryFolder(folder)
      if (!(await work(folder, taken === null))) isDone = false
    } catch (error) {
      isDone = false
      onError(folder, error)
    } finally {
      await taken?.unlock()
    }
  }
  return isDone
}

/** Null if another live process holds the folder, or if it is not a folder. */
async function tryFolder(folder: string): Promise<LogFolder | null> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    return { folder, unlock: await lockFolder(folder) }
  } catch (error) {
    if (error instanceof FolderInUse || (error as NodeJS.ErrnoException).code === 'EEXIST') return null
    throw error
  }
}
