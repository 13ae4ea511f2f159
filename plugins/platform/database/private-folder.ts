import { chmod, lstat, mkdir, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** Logs folders that other users could access, or that could not be closed to them. */
export interface Log {
  warn(details: object, message: string): void
}

const OTHERS = 0o077
const WRITABLE_BY_OTHERS = 0o022
/** With this bit, other users may add files but not replace those of another user (inode(7)). */
const STICKY = 0o1000

/** Names of Fairlead's own files in its data folder. */
const OWN = /^(clicks|postgres(ql)?(\.\w+)?|postgresql\.new-.*|lock-\d+\.sock)$/

/**
 * Creates the data folder if it is missing, and removes other users' access to Fairlead's files in it. An
 * existing folder, a umask or a restored copy may have allowed that access. The folder itself is closed only
 * if it holds nothing else: it might be `/tmp`. Rejects with the system's error when the folder cannot be
 * created.
 */
export async function openPrivateFolder(folder: string, log: Log): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  // The caller reports a folder that cannot be read or written.
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

/**
 * Removes other users' access to a file, or to a folder and its contents. Returns true if there was any.
 * Files of another user stay unchanged.
 */
async function close(path: string): Promise<boolean> {
  // Another process may have deleted it.
  const stats = await lstat(path).catch(() => null)
  if (stats === null || !(stats.isFile() || stats.isDirectory())) return false
  const isOpen = await closeOne(path, stats.mode).catch(() => false)
  // The contents of a folder that was closed already cannot be accessed.
  if (isOpen && stats.isDirectory()) for (const name of await readdir(path)) await close(join(path, name))
  return isOpen
}

async function closeOne(path: string, mode: number): Promise<boolean> {
  if ((mode & OTHERS) === 0) return false
  await chmod(path, mode & 0o700)
  return true
}
