import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import pg from 'pg'
import { loadSeeds } from '#loadtest/links.ts'
import { type Stack, startStack } from '#ops/stack/stack.ts'
import type { Url } from '#schema/shapes/url.ts'
import { makeFolder } from '#testing/folder.ts'
import { mount, unmount, whyNoSmallDisk } from '#testing/small-disk.ts'
import type { TestbedName } from './fault.ts'
import { createLoad, type Load } from './load.ts'
import { createNetwork, type Network } from './network.ts'

/** A running stack with the seed set, warm caches and the load. */
export interface Testbed {
  readonly stack: Stack
  readonly load: Load
  readonly network: Network | null
  readonly folder: string
  /** Follows every link of the load once on every replica: each link is then in its cache, and in Redis. */
  warm(): Promise<void>
  query<Row extends object>(text: string, values?: unknown[]): Promise<Row[]>
  redis(command: string, ...args: (string | number)[]): Promise<unknown>
  close(): Promise<void>
}

export interface TestbedOptions {
  replicas: number
  requestsPerSecond: number
  connections: number
  isLight: boolean
}

/** Disks of the linked testbed, in MiB: small enough to be filled quickly. */
const DISKS = { postgres: 1_024, redis: 256, 'replica-1': 64 }

const LINKS = 500

/** Why this machine can't make disks; null when it can. */
export const whyNoDisks = () => whyNoSmallDisk() || null

/** Starts the testbed. Throws, with nothing left running, when a part does not start. */
export async function startTestbed(name: TestbedName, options: TestbedOptions): Promise<Testbed> {
  const folder = await makeFolder(null)
  const network = name === 'linked' ? createNetwork() : null
  const ends: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true, maxRetries: 5 })]
  const close = async () => {
    while (ends.length > 0) await ends.pop()?.()
  }
  try {
    if (network && whyNoDisks() === null) ends.push(await mountDisks(folder))
    if (network) ends.push(network.close)
    const { replicas, isLight } = options
    const route = network ? { route: network.route } : {}
    const stack = await startStack({ folder, replicas, isLight, isScaled: true, ...route })
    ends.push(stack.stop)
    const pool = new pg.Pool({ connectionString: stack.databaseUrl, max: 2, connectionTimeoutMillis: 2_000 })
    pool.on('error', () => undefined)
    ends.push(() => pool.end())
    const redis = new Redis(stack.redisUrl, { maxRetriesPerRequest: 1 })
    redis.on('error', () => undefined)
    ends.push(async () => redis.disconnect())
    await loadSeeds(stack.url)
    const links = await readLinks(stack.url)
    const { requestsPerSecond, connections } = options
    const nginx = new URL(stack.url).host
    const url = network ? `http://${await network.route('client', 'nginx', nginx)}` : stack.url
    const load = createLoad({ url, connections, requestsPerSecond, links })
    ends.push(load.close)
    return {
      stack,
      load,
      network,
      folder,
      warm: () => warm(stack, links),
      query: async <Row extends object>(text: string, values: unknown[] = []) =>
        (await pool.query(text, values)).rows as Row[],
      redis: (command, ...args) => redis.call(command, ...args),
      close
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Mounts a disk on each folder of {@link DISKS}. Returns the function that unmounts them. */
async function mountDisks(folder: string): Promise<() => Promise<void>> {
  for (const [name, size] of Object.entries(DISKS)) {
    await mkdir(join(folder, name))
    mount(join(folder, name), `size=${size}m`)
  }
  return async () => {
    for (const name of Object.keys(DISKS)) unmount(join(folder, name))
  }
}

/** The first active links of the seed set, as many as can be warmed before each fault. */
async function readLinks(url: string): Promise<Url[]> {
  const answer = await fetch(`${url}/urls?is_active=true&per_page=${LINKS}`)
  return (await answer.json()) as Url[]
}

async function warm({ replicas }: Stack, links: readonly Url[]): Promise<void> {
  await Promise.all(
    replicas.map(async ({ unit }) => {
      for (let at = 0; at < links.length; at += 50) {
        const some = links.slice(at, at + 50)
        await Promise.all(
          some.map(async ({ short_code }) => {
            const { status } = await fetch(`${unit.url}/${short_code}`, { redirect: 'manual' })
            if (status !== 302) throw new Error(`${short_code} answered ${status}`)
          })
        )
      }
    })
  )
}
