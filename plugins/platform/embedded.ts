import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
 * Starts PGlite (PostgreSQL compiled to WebAssembly) on `dataDir`/postgres behind a Unix socket that speaks the
 * PostgreSQL protocol, so that the code for a real server runs unchanged. It has one session: use one connection.
 * Throws FolderInUse when another process serves the folder.
 */
export async function startEmbeddedPostgres(dataDir: string): Promise<EmbeddedPostgres> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const unlock = await lockFolder(dataDir)
  // Loaded only here: its WebAssembly costs a server with DATABASE_URL start-up time and memory.
  const [{ PGlite }, { PGLiteSocketServer }] = await Promise.all([
    import('@electric-sql/pglite'),
    import('@electric-sql/pglite-socket')
  ])
  // The socket's folder is private (mkdtemp makes it 0700): the server asks for no password.
  const host = await mkdtemp(join(tmpdir(), 'fairlead-'))
  let postgres: InstanceType<typeof PGlite> | undefined
  try {
    postgres = await PGlite.create({ dataDir: join(dataDir, 'postgres') })
    const db = postgres
    const server = new PGLiteSocketServer({ db, path: join(host, '.s.PGSQL.5432') })
    await server.start()
    return {
      host,
      user: 'postgres',
      database: 'postgres',
      async close() {
        await server.stop()
        await db.close()
        await rm(host, { recursive: true, force: true })
        await unlock()
      }
    }
  } catch (error) {
    await postgres?.close()
    await rm(host, { recursive: true, force: true })
    await unlock()
    throw error
  }
}
