import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { findPort } from '#testing/server-process.ts'
import { makePostgres, makeRedis, makeReplica, makeWorker } from './parts.ts'
import { makeProxy } from './proxy.ts'
import { createSupervisor, type Supervised } from './supervisor.ts'
import { addWatchers, type Watchers } from './watchers.ts'

/**
 * The whole system on one machine, without containers: PostgreSQL, Redis, replicas, a worker and nginx.
 * Unless it is light, also Prometheus, Alertmanager with a replacement for Discord, and exporters. All use
 * the files in ops/.
 */

export interface StackOptions {
  /** The folder of data, logs and process ids; the next start uses it again. */
  folder: string
  replicas: number
  /** The port of nginx; a free one by default. */
  port?: number
  /** Leaves out the monitoring. */
  isLight: boolean
  /**
   * Shortens the times of alerts from minutes to seconds, for tests that can't wait; the rules stay the same.
   */
  isScaled?: boolean
  /** Settings of servers and worker, in addition to the stack's own. */
  env?: Record<string, string>
  /**
   * Returns the `host:port` at which the program `from` reaches the program `to`, which listens at `address`.
   * Callers can insert a proxy with it.
   */
  route?(from: string, to: string, address: string): Promise<string>
}

export interface Stack {
  /** The address of nginx. */
  readonly url: string
  readonly databaseUrl: string
  readonly redisUrl: string
  /** All programs, in start order. */
  readonly units: readonly Supervised[]
  readonly replicas: readonly Supervised[]
  /** Null for a light stack. */
  readonly watchers: Watchers | null
  /** The program called `name`. Throws when there is none. */
  unit(name: string): Supervised
  /**
   * Restarts the replicas one by one, each after the previous one is ready. A stopping replica refuses new
   * connections before it closes any, so nginx uses the others (plugins/platform/observability/lifecycle.ts).
   * Throws if a replica does not exit cleanly or does not come back; the others keep their state.
   */
  rollingRestart(onStep?: (text: string) => void): Promise<void>
  /** Stops all programs cleanly, servers first. */
  stop(): Promise<void>
}

/** Connections of PostgreSQL per process (DATABASE_POOL_SIZE's default), and those for others. */
const POOL_SIZE = 10
const SPARE_CONNECTIONS = 30

/**
 * Starts the stack. Resolves when all of it answers; throws, with nothing left running, when a part does not.
 */
export async function startStack({
  folder,
  replicas: count,
  port,
  isLight,
  isScaled = false,
  env = {},
  route = async (_from, _to, address) => address
}: StackOptions): Promise<Stack> {
  await mkdir(folder, { recursive: true })
  // PostgreSQL may run as another user, which needs to pass through this folder.
  await chmod(folder, 0o755)
  const supervisor = await createSupervisor(folder)
  const units: Supervised[] = []
  let watchers: Watchers | null = null
  const add: typeof supervisor.add = (unit) => {
    const added = supervisor.add(unit)
    units.push(added)
    return added
  }

  async function reroute(url: string, from: string, to: string): Promise<string> {
    const address = new URL(url)
    address.host = await route(from, to, address.host)
    return address.href
  }

  async function stop(): Promise<void> {
    // Stops the sources of work before their targets.
    const order = [...units].sort((one, other) => rank(one) - rank(other))
    for (const step of new Set(order.map(rank)))
      await Promise.all(order.filter((unit) => rank(unit) === step).map((unit) => unit.stop()))
    await watchers?.close()
  }

  try {
    const postgres = await makePostgres(folder, (count + 1) * POOL_SIZE + SPARE_CONNECTIONS)
    const redis = await makeRedis(folder)
    await Promise.all([add(postgres).start(), add(redis).start()])

    const sharedBy = async (name: string) => ({
      folder,
      env: {
        DATABASE_URL: await reroute(postgres.url, name, 'postgres'),
        REDIS_URL: await reroute(redis.url, name, 'redis'),
        REPLICAS: `${count + 1}`,
        CLICK_DRAIN: 'off',
        TRUST_PROXY: '127.0.0.1',
        ...env
      }
    })
    const addReplica = async (number: number) =>
      add(await makeReplica(await sharedBy(`replica-${number}`), number))
    // Chooses each port only when needed: another process could take it during the other starts.
    const first = await addReplica(1)
    // The first replica migrates; the others would wait for it anyway.
    await first.start()
    const replicas = [first]
    for (let number = 2; number <= count; number++) replicas.push(await addReplica(number))
    const worker = add(await makeWorker(await sharedBy('worker')))
    await Promise.all([...replicas.slice(1), worker].map((unit) => unit.start()))

    const hosts = replicas.map((replica) => route('nginx', replica.unit.name, hostOf(replica)))
    const proxy = await makeProxy(folder, port ?? (await findPort()), await Promise.all(hosts))
    await add(proxy).start()
    if (!isLight) {
      watchers = await addWatchers(folder, add, {
        replicas,
        worker,
        postgres,
        redis,
        proxy,
        isScaled
      })
      await watchers.start()
    }

    return {
      url: proxy.url,
      databaseUrl: postgres.url,
      redisUrl: redis.url,
      units,
      replicas,
      watchers,
      unit(name) {
        const found = units.find(({ unit }) => unit.name === name)
        if (!found) throw new Error(`There is no ${name}: ${units.map(({ unit }) => unit.name).join(', ')}`)
        return found
      },
      async rollingRestart(onStep = () => undefined) {
        if (replicas.length < 2) throw new Error('A rolling restart takes two replicas or more')
        for (const replica of replicas) {
          const { name } = replica.unit
          const exit = await replica.stop()
          if (exit !== null && exit.code !== 0)
            throw new Error(`${name} ended with ${exit.code ?? exit.signal}: see its log`)
          onStep(`${name} has closed`)
          await replica.start()
          onStep(`${name} is back`)
        }
      },
      stop
    }
  } catch (error) {
    await stop()
    throw error
  }
}

function hostOf({ unit }: Supervised): string {
  return new URL(unit.url).host
}

function rank({ unit: { name } }: Supervised): number {
  if (name === 'nginx') return 1
  if (name.startsWith('replica-')) return 2
  if (name === 'worker') return 3
  return name === 'postgres' || name === 'redis' ? 4 : 0
}

/** The default folder of the stack. */
export function defaultFolder(root: string): string {
  return join(root, 'data', 'stack')
}
