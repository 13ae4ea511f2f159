import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { lockFolder } from './folder-lock.ts'

/** A running embedded PostgreSQL: where node-postgres finds it, and how to stop it. */
export interface EmbeddedPostgres {
  /** Folder of the Unix socket: what node-postgres takes as `host`. */
  readonly host: string
  readonly user: string
  readonly database: string
  close(): Promise<void>
}

/**
 * Starts PGlite (PostgreSQL compiled to WebAssembly) on `dataDir`/postgres in a thread of its own, behind a Unix
 * socket that speaks the PostgreSQL protocol, so that the code for a real server runs unchanged. It has one
 * session: use one connection. Throws FolderInUse when another process serves the folder.
 */
export async function startEmbeddedPostgres(dataDir: string): Promise<EmbeddedPostgres> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const unlock = await lockFolder(dataDir)
  // The socket's folder is private (mkdtemp makes it 0700): the server asks for no password.
  const host = await mkdtemp(join(tmpdir(), 'fairlead-'))
  const worker = new Worker(new URL('./embedded-worker.ts', import.meta.url), {
    workerData: { dataDir: join(dataDir, 'postgres'), socketPath: join(host, '.s.PGSQL.5432') }
  })
  const tidy = async () => {
    await rm(host, { recursive: true, force: true })
    await unlock()
  }
  try {
    await once(worker, 'message')
  } catch (error) {
    await tidy()
    throw new Error(`The embedded database in ${dataDir} does not start: ${(error as Error).message}`, {
      cause: error
    })
  }
  return {
    host,
    user: 'postgres',
    database: 'postgres',
    async close() {
      const exited = once(worker, 'exit')
      worker.postMessage('close')
      await exited
      await tidy()
    }
  }
}
