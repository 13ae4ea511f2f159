import { createHash } from 'node:crypto'
import { open, readdir, realpath, rm } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { StartRefused } from '#platform/problem/start-refused.ts'

/**
 * A lock on a data folder. It is a listening Unix socket, so the kernel releases it however the holder dies.
 * It also works between containers that share the folder. PostgreSQL's own lock uses process ids, which mean
 * nothing there.
 *
 * A dead holder leaves its socket file, and removing that file is a race. Each contender therefore listens on
 * its own file with an unused number, then checks all other files. If another contender is alive, it releases
 * its file and retries later. Of two contenders that listen, the later one checks while the earlier one
 * listens, so at most one gets the lock. Only the holder removes dead files, and each contender verifies that
 * its own file still exists.
 */

/** Maximum length of a Unix socket path: sun_path of unix(7) without the final NUL, as on macOS. */
const MAX_SOCKET_PATH = 103

/** Attempts while only other contenders are alive. A holder ends the search at once. */
const MAX_ATTEMPTS = 25
const PAUSE_MS = 10

/** Thrown when another live process holds the folder. */
export class FolderInUse extends StartRefused {}

/** Location of the folder's sockets. A path is `prefix` and a number. */
interface Place {
  folder: string
  prefix: string
  /** Releases the resources of `folder`. */
  release(): Promise<void>
}

/** The reply of a live socket. */
interface Listener {
  isHolder: boolean
  pid: string
}

interface Claim {
  server: Server
  /** Makes the socket reply that its process holds the lock. */
  settle(): void
}

/**
 * Locks `folder`, which must exist. Returns the function that unlocks it. Throws {@link FolderInUse} with the
 * holder's process id in the message.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const place = await placeOf(folder)
  try {
    const server = await lockPlace(folder, place)
    return () => close(server).finally(place.release)
  } catch (error) {
    await place.release()
    throw error
  }
}

async function lockPlace(folder: string, place: Place): Promise<Server> {
  let pid = 'unknown'
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    if (attempt > 0) await wait(Math.random() * PAUSE_MS * attempt)
    const numbers = await listNumbers(place)
    const seen = await findLive(place, numbers)
    if (seen?.isHolder) throw inUse(folder, seen.pid)
    pid = seen?.pid ?? pid
    if (seen !== null) continue

    const own = Math.max(0, ...numbers) + 1
    const claim = await listen(pathOf(place, own))
    if (claim === null) continue
    const others = (await listNumbers(place)).filter((number) => number !== own)
    const isAlone = (await findLive(place, others)) === null && (await ask(pathOf(place, own))) !== null
    if (!isAlone) {
      await close(claim.server)
      continue
    }
    claim.settle()
    await Promise.all(others.map((number) => rm(pathOf(place, number), { force: true })))
    return claim.server
  }
  throw inUse(folder, pid)
}

function inUse(folder: string, holder: string): FolderInUse {
  return new FolderInUse(
    `The data folder ${folder} is in use by another Fairlead process (pid ${holder}). ` +
      'Stop that process, or set DATA_DIR to another folder.'
  )
}

async function placeOf(folder: string): Promise<Place> {
  const real = await realpath(folder)
  const place = { folder: real, prefix: 'lock-', release: async () => undefined }
  // Leaves space for any number.
  if (Buffer.byteLength(pathOf(place, 1e9)) <= MAX_SOCKET_PATH) return place
  if (process.platform === 'linux') {
    // A short path to the same folder (proc(5)).
    const handle = await open(real)
    return { ...place, folder: `/proc/self/fd/${handle.fd}`, release: () => handle.close() }
  }
  const name = createHash('sha256').update(real).digest('hex').slice(0, 32)
  return { ...place, folder: '/tmp', prefix: `fairlead-${name}-` }
}

function pathOf({ folder, prefix }: Place, number: number): string {
  return join(folder, `${prefix}${number}.sock`)
}

async function listNumbers({ folder, prefix }: Place): Promise<number[]> {
  return (await readdir(folder)).flatMap((name) => {
    const [, number] = name.startsWith(prefix) ? (/^(\d+)\.sock$/.exec(name.slice(prefix.length)) ?? []) : []
    return number === undefined ? [] : [Number(number)]
  })
}

/** A live listener on one of the sockets, preferably the holder; null if all are dead. */
async function findLive(place: Place, numbers: number[]): Promise<Listener | null> {
  const answers = await Promise.all(numbers.map((number) => ask(pathOf(place, number))))
  return answers.find((one) => one?.isHolder) ?? answers.find((one) => one !== null) ?? null
}

/** Listens on `path` and sends the role and process id to each client; null if the path is taken. */
function listen(path: string): Promise<Claim | null> {
  let role = 'wants'
  return new Promise((done, fail) => {
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy())
      socket.end(`${role} ${process.pid}`)
    })
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') done(null)
      else fail(error)
    })
    const settle = () => {
      role = 'holds'
    }
    server.listen(path, () => done({ server: server.unref(), settle }))
  })
}

function close(server: Server): Promise<void> {
  return new Promise((done) => server.close(() => done()))
}

/** The listener at `path`, or null if there is none. */
function ask(path: string): Promise<Listener | null> {
  return new Promise((done) => {
    let answer = ''
    let isConnected = false
    const socket = connect(path)
    // A listener that does not reply counts as the holder.
    socket.setTimeout(1_000, () => socket.destroy())
    socket.on('connect', () => {
      isConnected = true
    })
    socket.on('data', (chunk) => {
      answer += chunk
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      const [role, pid = 'unknown'] = answer.split(' ')
      done(isConnected ? { isHolder: role !== 'wants', pid } : null)
    })
  })
}
