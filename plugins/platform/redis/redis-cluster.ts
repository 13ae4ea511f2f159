import { createRequire } from 'node:module'
import type { Cluster, ClusterOptions, Redis, RedisOptions } from 'ioredis'

/**
 * Differences between one Redis and a Redis Cluster: addresses, additional connections and subscriptions.
 * Commands are the same as long as the keys of each share a slot. See
 * https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/.
 */

export type RedisClient = Redis | Cluster

/** Loads the client's package. A server without Redis saves its 8 MiB. */
function loadPackage(): typeof import('ioredis') {
  return createRequire(import.meta.url)('ioredis')
}

/** Options of either kind of client. */
export type ClientOptions = Omit<RedisOptions, 'replyMapping'>

interface Node {
  host: string
  port: number
}

const URL_FORM =
  /^redis(?<tls>s?)-cluster:\/\/(?:(?<user>[^:@]*):(?<password>[^@]*)@)?(?<nodes>(?:,?(?:[\w.-]+|\[[\da-f:.]+\])(?::\d+)?)+)\/?$/i

/** True if `url` addresses a cluster. */
export function isClusterUrl(url: string): boolean {
  return /^rediss?-cluster:/.test(url)
}

/**
 * Parses `redis-cluster://[user:password@]host:port,host:port` (`rediss-cluster:` with TLS). It lists some of
 * the nodes, and those report the others. Throws with the expected form when `url` is invalid.
 */
export function parseClusterUrl(url: string): { nodes: Node[]; options: ClientOptions } {
  const groups = URL_FORM.exec(url)?.groups
  if (groups === undefined)
    throw new Error('REDIS_URL is not redis-cluster://[user:password@]host:port,host:port')
  const nodes = (groups['nodes'] ?? '').split(',').map((node) => {
    const { hostname, port } = new URL(`redis://${node}`)
    // In a URL, but not in an option, an IPv6 address has brackets.
    return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 6379) }
  })
  const [username, password] = [groups['user'], groups['password']].map(
    (part) => part && decodeURIComponent(part)
  )
  return {
    nodes,
    options: {
      ...(username && { username }),
      ...(password && { password }),
      ...(groups['tls'] && { tls: {} })
    }
  }
}

/** The nodes of a cluster's URL. They apply until the cluster reports its nodes. */
const seeds = new WeakMap<Cluster, Node[]>()

/** Makes a client of the server or cluster at `url`. It connects when `connect` is called. */
export function createRedisClient(url: string, options: ClientOptions): RedisClient {
  return isClusterUrl(url) ? createCluster(url, options) : new (loadPackage().Redis)(url, options)
}

/**
 * Makes a client of the cluster at `url` with `options` for each node. It connects when `connect` is called.
 */
export function createCluster(
  url: string,
  { keyPrefix, enableAutoPipelining, enableOfflineQueue, retryStrategy, ...options }: ClientOptions
): Cluster {
  const { nodes, options: access } = parseClusterUrl(url)
  const cluster = new (loadPackage().Cluster)(nodes, {
    ...(keyPrefix !== undefined && { keyPrefix }),
    enableAutoPipelining,
    enableOfflineQueue,
    clusterRetryStrategy: (attempt) => retryStrategy?.(attempt) ?? 1_000,
    lazyConnect: true,
    // Retries a command during the failover of a node, within the timeout of the command.
    maxRedirections: 5,
    retryDelayOnFailover: 100,
    retryDelayOnClusterDown: 100,
    slotsRefreshInterval: 5_000,
    redisOptions: { ...options, ...access }
  })
  seeds.set(cluster, nodes)
  return cluster
}

/** Makes a second client of the same server or cluster, with other `options`. */
export function connectAgain(client: RedisClient, options: ClientOptions): RedisClient {
  if (!isCluster(client)) return client.duplicate(options)
  const { enableAutoPipelining, enableOfflineQueue, lazyConnect, ...ofNodes } = options
  const overrides: ClusterOptions = {
    ...(enableAutoPipelining !== undefined && { enableAutoPipelining }),
    ...(enableOfflineQueue !== undefined && { enableOfflineQueue }),
    ...(lazyConnect !== undefined && { lazyConnect })
  }
  const again = client.duplicate([], {
    ...overrides,
    redisOptions: { ...optionsOfNodes(client), ...ofNodes }
  })
  seeds.set(again, seeds.get(client) ?? [])
  return again
}

/**
 * Makes a connection for subscriptions. Cluster nodes forward published messages to one another, so it
 * connects to a random node, chosen anew at each attempt. Its events (`close`, `ready`) are the same as with
 * a single server.
 */
export function connectForMessages(client: RedisClient, options: ClientOptions): Redis {
  if (!isCluster(client)) return client.duplicate(options)
  const connection = new (loadPackage().Redis)({
    ...optionsOfNodes(client),
    ...options,
    retryStrategy(attempt) {
      Object.assign(connection.options, pickNode(client))
      return client.options.clusterRetryStrategy?.(attempt)
    }
  })
  Object.assign(connection.options, pickNode(client))
  return connection
}

/** The servers that accept writes: the single Redis, or the masters of a cluster. */
export function nodesOf(client: RedisClient): Redis[] {
  return isCluster(client) ? client.nodes('master') : [client]
}

function optionsOfNodes(cluster: Cluster): ClientOptions {
  return cluster.options.redisOptions ?? {}
}

/** Returns a random known node. */
function pickNode(cluster: Cluster): { host?: string | undefined; port?: number | undefined } {
  const known = cluster.nodes('all').map(({ options: { host, port } }) => ({ host, port }))
  const nodes = known.length > 0 ? known : (seeds.get(cluster) ?? [])
  return nodes[Math.floor(Math.random() * nodes.length)] ?? {}
}

function isCluster(client: RedisClient): client is Cluster {
  return client.isCluster
}
