import { createHash } from 'node:crypto'
import { realpath, rename, rm } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * A lock on a folder, for the embedded database: PGlite has none, and two processes on one folder silently lose
 * rows. The lock is a listening Unix socket, so the kernel lets go of it however the holder dies, and it works
 * between containers that share the folder, where process ids say nothing.
 */

/** Longest path a Unix socket may have (sun_path of unix(7), less the final NUL; macOS has the shorter one). */
const MAX_SOCKET_PATH = 103

/** Thrown when another live process holds the folder. */
export class FolderInUse extends Error {
  override readonly name = 'FolderInUse'
}

/**
 * Locks `folder` (which exists). Gives a function that unlocks it; throws {@link FolderInUse} with the holder's
 * process id in the message.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = await socketPath(folder)
  for (let attempt = 0; attempt < 5; attempt++) {
    const server = await listen(path)
    if (server) return () => new Promise((done) => server.close(() => done()))
    const holder = await askHolder(path)
    if (holder !== null) throw inUse(folder, holder)
    await removeStale(path, folder)
  }
  throw inUse(folder, 'unknown')
}

function inUse(folder: string, holder: string): FolderInUse {
  return new FolderInUse(
    `The data folder ${folder} is in use by another Fairlead process (pid ${holder}). ` +
      'Stop that process, or set DATA_DIR to another folder.'
  )
}

async function socketPath(folder: string): Promise<string> {
  const real = await realpath(folder)
  const inside = join(real, 'lock.sock')
  if (Buffer.byteLength(inside) <= MAX_SOCKET_PATH) return inside
  return join(tmpdir(), `fairlead-${createHash('sha256').update(real).digest('hex').slice(0, 32)}.sock`)
}

/** Listens on `path`, telling each caller our process id; null when the path is taken. */
function listen(path: string): Promise<Server | null> {
  return new Promise((done, fail) => {
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy())
      socket.end(String(process.pid))
    })
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') done(null)
      else fail(error)
    })
    server.listen(path, () => done(server.unref()))
  })
}

/** The process id of the lock's live holder, or null when nobody listens. */
function askHolder(path: string): Promise<string | null> {
  return new Promise((done) => {
    let answer = ''
    let isConnected = false
    const socket = connect(path)
    socket.setTimeout(1_000, () => socket.destroy())
    socket.on('connect', () => {
      isConnected = true
    })
    socket.on('data', (chunk) => {
      answer += chunk
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => done(isConnected ? answer || 'unknown' : null))
  })
}

/**
 * Takes a dead holder's socket away. Two starters may both see it dead, and the slower one may catch the faster
 * one's fresh socket: it asks what it took once more and, if that lives, puts it back and gives up.
 */
async function removeStale(path: string, folder: string): Promise<void> {
  const aside = `${path}.${process.pid}`
  try {
    await rename(path, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  const holder = await askHolder(aside)
  if (holder !== null) {
    await rename(aside, path)
    throw inUse(folder, holder)
  }
  await rm(aside, { force: true })
}
