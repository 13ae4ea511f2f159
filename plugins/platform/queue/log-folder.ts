import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { FolderInUse, lockFolder } from '#platform/folder-lock.ts'

/**
 * Folders for spools under one data folder, which replicas on one machine may share: each takes the first that no
 * live process holds, so what a dead one left is found by whoever comes next.
 */
export interface SpoolFolder {
  folder: string
  unlock(): Promise<void>
}

/** Takes a folder of one's own below `root`. */
export async function takeSpoolFolder(root: string): Promise<SpoolFolder> {
  for (let number = 0; ; number++) {
    const taken = await tryFolder(join(root, String(number)))
    if (taken) return taken
  }
}

/**
 * Does `work` in each folder below `root` that holds clicks and that no live process holds. Each is locked only
 * meanwhile, so what `work` rejects is left for whoever looks next. Gives how many there were.
 */
export async function visitAbandonedFolders(
  root: string,
  work: (folder: string) => Promise<void>
): Promise<number> {
  let visited = 0
  for (const name of await readdir(root)) {
    const folder = join(root, name)
    if (!/^\d+$/.test(name) || !(await readdir(folder)).some((file) => file.endsWith('.spool'))) continue
    const taken = await tryFolder(folder)
    if (!taken) continue
    visited++
    await work(folder).finally(taken.unlock)
  }
  return visited
}

async function tryFolder(folder: string): Promise<SpoolFolder | null> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  try {
    return { folder, unlock: await lockFolder(folder) }
  } catch (error) {
    if (error instanceof FolderInUse) return null
    throw error
  }
}
