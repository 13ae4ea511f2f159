import { chmod, lstat, mkdir, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** What reports a folder that was open to other users, or that could not be closed to them. */
export interface Log {
  warn(details: object, message: string): void
}

const OTHERS = 0o077
const WRITABLE_BY_OTHERS = 0o022
/** Others may add files and not replace those of a user (inode(7)). */
const STICKY = 0o1000

/** What this program makes in its data folder. */
const OWN = /^(clicks|postgres(ql)?(\.\w+)?|postgresql\.new-.*|lock-\d+\.sock)$/

/**
 * Makes the data folder unless it exists, and takes from all but this user the access to what this program keeps in it, which an
 * existing folder, a umask or a restored copy may have left open. The folder itself is closed when it holds nothing else: it might be
 * `/tmp`. Rejects with the system's error when it can't be made.
 */
export async function openPrivateFolder(folder: string, log: Log): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  // Whether it can be read and written is for the caller to say.
  const names = await readdir(folder).catch(() => [])
  const own = names.filter((name) => OWN.test(name))
  const closed: string[] = []
  for (const name of own) if (await close(join(folder, name))) closed.push(name)
  if (closed.length > 0) log.warn({ folder, closed }, 'files closed to other users')

  const { mode } = await stat(folder)
  if (own.length === names.length) await closeOne(folder, mode).catch(() => undefined)
  const { mode: now } = await stat(folder)
  if ((now & WRITABLE_BY_OTHERS) > 0 && (now & STICKY) === 0)
    log.warn({ folder }, 'data folder is writable by other users; chmod 700 it or change DATA_DIR')
}

/** Closes a file, or a folder with all beneath it. Gives whether anything was open; what is of another user stays as it is. */
async function close(path: string): Promise<boolean> {
  // Another process may have deleted it.
  const stats = await lstat(path).catch(() => null)
  if (stats === null || !(stats.isFile() || stats.isDirectory())) return false
  const isOpen = await closeOne(path, stats.mode).catch(() => false)
  // What is beneath a closed folder can't be reached.
  if (isOpen && stats.isDirectory()) for (const name of await readdir(path)) await close(join(path, name))
  return isOpen
}

async function closeOne(path: string, mode: number): Promise<boolean> {
  if ((mode & OTHERS) === 0) return false
  await chmod(path, mode & 0o700)
  return true
}
