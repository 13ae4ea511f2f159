import { createRequire } from 'node:module'
import type { Cluster, ClusterOptions, Redis, RedisOptions } from 'ioredis'

/**
 * What differs between one Redis and a Redis Cluster (https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/):
 * how it is addressed, how a second connection is made, and who hears what is published. Commands are the same, as long
 * as each names keys of one slot.
 */

export type RedisClient = Redis | Cluster

/** Loads the client's package, 8 MiB, which a server without Redis needs not. */
function loadPackage(): typeof import('ioredis') {
  return createRequire(import.meta.url)('ioredis')
}

/** What either kind of client is made with. */
export type ClientOptions = Omit<RedisOptions, 'replyMapping'>

interface Node {
  host: string
  port: number
}

const URL_FORM =
  /^redis(?<tls>s?)-cluster:\/\/(?:(?<user>[^:@]*):(?<password>[^@]*)@)?(?<nodes>(?:,?(?:[\w.-]+|\[[\da-f:.]+\])(?::\d+)?)+)\/?$/i

/** Whether `url` leads to a cluster. */
export function isClusterUrl(url: string): boolean {
  return /^rediss?-cluster:/.test(url)
}

/**
 * Reads `redis-cluster://[user:password@]host:port,host:port` (`rediss-cluster:` with TLS): some of the nodes, which name the
 * others. Throws with what it takes when it is none.
 */
export function parseClusterUrl(url: string): { nodes: Node[]; options: ClientOptions } {
  const groups = URL_FORM.exec(url)?.groups
  if (groups === undefined)
    throw new Error('REDIS_URL is not redis-cluster://[user:password@]host:port,host:port')
  const nodes = (groups['nodes'] ?? '').split(',').map((node) => {
    const { hostname, port } = new URL(`redis://${node}`)
    // An IPv6 address stands in brackets in a URL, and only there.
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

/** The nodes that a cluster's URL names, for as long as it has not said which there are. */
const seeds = new WeakMap<Cluster, Node[]>()

/** Makes a client of the server or the cluster at `url`. It connects when told to. */
export function createRedisClient(url: string, options: ClientOptions): RedisClient {
  return isClusterUrl(url) ? createCluster(url, options) : new (loadPackage().Redis)(url, options)
}

/** Makes a client of the cluster at `url` that treats each node as `options` say. It connects when told to. */
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
    // While a dead node's replica takes over, a command is tried this often; all within its timeout.
    maxRedirections: 5,
    retryDelayOnFailover: 100,
    retryDelayOnClusterDown: 100,
    slotsRefreshInterval: 5_000,
    redisOptions: { ...options, ...access }
  })
  seeds.set(cluster, nodes)
  return cluster
}

/** A second client of the same server or cluster, with other `options`. */
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
 * A connection for subscriptions. Nodes pass on to one another what is published, so in a cluster it is one to any node, to
 * another one at each attempt: what happens to it (`close`, `ready`) is seen as with a single server.
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

/** The servers that take writes: the one of a single Redis, or the masters of a cluster. */
export function nodesOf(client: RedisClient): Redis[] {
  return isCluster(client) ? client.nodes('master') : [client]
}

function optionsOfNodes(cluster: Cluster): ClientOptions {
  return cluster.options.redisOptions ?? {}
}

/** Gives one of the nodes that are known now, by chance. */
function pickNode(cluster: Cluster): { host?: string | undefined; port?: number | undefined } {
  const known = cluster.nodes('all').map(({ options: { host, port } }) => ({ host, port }))
  const nodes = known.length > 0 ? known : (seeds.get(cluster) ?? [])
  return nodes[Math.floor(Math.random() * nodes.length)] ?? {}
}

function isCluster(client: RedisClient): client is Cluster {
  return client.isCluster
}
