import { parentPort, workerData } from 'node:worker_threads'
import { PGlite } from '@electric-sql/pglite'
import { PGLiteSocketServer } from '@electric-sql/pglite-socket'

/**
 * The thread in which the embedded database runs: its WebAssembly computes without pause, and on the main thread
 * every query would hold up all requests, redirects from the cache included. Says `ready` once it listens; closes
 * the database at the message `close`.
 */
const { dataDir, socketPath } = workerData as { dataDir: string; socketPath: string }

const db = await PGlite.create({ dataDir })
// The pool uses one connection; while a failed one is being closed there is a second for a moment.
const server = new PGLiteSocketServer({ db, path: socketPath, maxConnections: 4 })
await server.start()
parentPort?.postMessage('ready')

parentPort?.once('message', async () => {
  await server.stop()
  await db.close()
  parentPort?.close()
})
