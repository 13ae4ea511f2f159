import { existsSync } from 'node:fs'
import { chmod, chown, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodeArguments } from '#loadtest/measured.ts'
import manifest from '#package.json' with { type: 'json' }
import { answers } from '#testing/answers.ts'
import { findPostgres, initialize } from '#testing/postgres-programs.ts'
import { findPort } from '#testing/server-process.ts'
import { postgresProgram, redisProgram } from '#testing/server-programs.ts'
import { ROOT } from '#testing/sources.ts'
import type { Unit } from './supervisor.ts'

/** The units that hold data, and the servers that use them. */

/** The shipped configuration of Redis. */
const REDIS_CONF = join(ROOT, 'ops', 'redis', 'redis.conf')

export const ENVIRONMENT = {
  // biome-ignore lint/style/noProcessEnv: PATH locates the programs
  PATH: process.env['PATH'] ?? '',
  TMPDIR: tmpdir()
}

const SUPERUSER = 'fairlead'

/**
 * PostgreSQL with its shipped configuration, except for the number of connections. Its cluster is in
 * `folder`, and is created when missing.
 */
export async function makePostgres(folder: string, maxConnections: number): Promise<Unit> {
  const postgres = await findPostgres(true)
  const { owner } = postgres
  const data = join(folder, 'postgres')
  if (!existsSync(join(data, 'PG_VERSION'))) {
    await mkdir(data, { recursive: true })
    await chmod(data, 0o700)
    if (owner) await chown(data, owner.uid, owner.gid)
    initialize(postgres, data, true, SUPERUSER)
  }
  const place = { data, port: await findPort(), superuser: SUPERUSER }
  const program = postgresProgram(postgres, place, { max_connections: maxConnections })
  return { ...program, name: 'postgres', cwd: tmpdir() }
}

/** Redis with the shipped configuration and its append-only file in `folder`. */
export async function makeRedis(folder: string): Promise<Unit> {
  const data = join(folder, 'redis')
  await mkdir(data, { recursive: true })
  return { ...redisProgram(await findPort(), data, [REDIS_CONF]), name: 'redis' }
}

/** The common options of replicas and the worker. */
export interface Shared {
  folder: string
  env: Record<string, string>
}

/** A server, started as by `npm start`. */
export async function makeReplica({ folder, env }: Shared, number: number): Promise<Unit> {
  const port = await findPort()
  return makeNode(`replica-${number}`, manifest.scripts.start, port, {
    ...env,
    PORT: `${port}`,
    DATA_DIR: join(folder, `replica-${number}`)
  })
}

/** The worker, started as by `npm run worker`. */
export async function makeWorker({ folder, env }: Shared): Promise<Unit> {
  const port = await findPort()
  return makeNode('worker', manifest.scripts.worker, port, {
    ...env,
    WORKER_PORT: `${port}`,
    DATA_DIR: join(folder, 'worker')
  })
}

function makeNode(name: string, script: string, port: number, env: Record<string, string>): Unit {
  const url = `http://127.0.0.1:${port}`
  return {
    name,
    url,
    command: process.execPath,
    args: nodeArguments(script),
    env: { ...ENVIRONMENT, HOST: '127.0.0.1', ...env },
    cwd: ROOT,
    stopSignal: 'SIGTERM',
    isReady: () => answers(`${url}/health/ready`)
  }
}
