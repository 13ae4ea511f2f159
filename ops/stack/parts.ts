import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodeArguments } from '#loadtest/measured.ts'
import manifest from '#package.json' with { type: 'json' }
import { answersPing, answersQuery } from '#testing/answers.ts'
import { findCommand } from '#testing/programs.ts'
import { findPort, findUser } from '#testing/server-process.ts'
import { ROOT } from '#testing/sources.ts'
import type { Unit } from './supervisor.ts'

/** The units that hold data, and the servers that use them. */

/** Thrown when programs are not installed; `message` explains the installation. */
export class ProgramsMissing extends Error {
  override readonly name = 'ProgramsMissing'
}

/** The path of `name`. Throws {@link ProgramsMissing}. */
export function need(name: string): string {
  const path = findCommand(name)
  if (path === null) throw new ProgramsMissing(`${name} is not installed: run npm run stack -- --provision`)
  return path
}

/** The shipped configuration of Redis. */
export const REDIS_CONF = join(ROOT, 'ops', 'redis', 'redis.conf')

export const ENVIRONMENT = {
  // biome-ignore lint/style/noProcessEnv: PATH locates the programs
  PATH: process.env['PATH'] ?? '',
  TMPDIR: tmpdir()
}

/**
 * PostgreSQL with its shipped configuration, except for the number of connections. Its cluster is in
 * `folder`, and is created when missing.
 */
export async function makePostgres(
  folder: string,
  maxConnections: number
): Promise<Unit & { databaseUrl: string }> {
  const [initdb, command] = [need('initdb'), need('postgres')]
  // PostgreSQL refuses to run as root.
  const user = await findUser('postgres', 'nobody')
  const data = join(folder, 'postgres')
  if (!existsSync(join(data, 'PG_VERSION'))) {
    await mkdir(data, { recursive: true })
    await chmod(data, 0o700)
    if (user) await chown(data, user.uid, user.gid)
    const args = ['-D', data, '-U', 'fairlead', '-A', 'trust', '-E', 'UTF8', '--locale=C']
    const { status, stderr, error } = spawnSync(initdb, args, { ...user, encoding: 'utf8', cwd: tmpdir() })
    if (status !== 0) throw new Error(`initdb failed in ${data}: ${stderr || error?.message}`)
  }
  const port = await findPort()
  const databaseUrl = `postgres://fairlead@127.0.0.1:${port}/postgres`
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: maxConnections
  }
  return {
    name: 'postgres',
    url: `127.0.0.1:${port}`,
    databaseUrl,
    command,
    args: ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    user,
    cwd: tmpdir(),
    stopSignal: 'SIGINT',
    isReady: () => answersQuery(databaseUrl, 'SELECT 1')
  }
}

/** Redis with the shipped configuration and its append-only file in `folder`. */
export async function makeRedis(folder: string): Promise<Unit & { redisUrl: string }> {
  const data = join(folder, 'redis')
  await mkdir(data, { recursive: true })
  const port = await findPort()
  return {
    name: 'redis',
    url: `127.0.0.1:${port}`,
    redisUrl: `redis://127.0.0.1:${port}/0`,
    command: need('redis-server'),
    args: [REDIS_CONF, '--bind', '127.0.0.1', '--port', `${port}`, '--dir', data],
    stopSignal: 'SIGTERM',
    isReady: () => answersPing(port)
  }
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

/** True if an address answers with 200. */
export async function answers(url: string): Promise<boolean> {
  try {
    const { status, body } = await fetch(url, { signal: AbortSignal.timeout(2_000) })
    await body?.cancel()
    return status === 200
  } catch {
    return false
  }
}
