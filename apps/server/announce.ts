import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Config } from '#apps/config.ts'

/**
 * Logs the server's address, its storage and a first command to try: as text on a terminal, else as one log
 * line. Warns about replicas that can't invalidate each other's caches.
 */
export function announce(app: FastifyInstance, config: Config): void {
  const { replicas } = config.database
  if (replicas > 1 && config.redis.url === undefined)
    app.log.warn(
      { replicas, cacheFreshMs: config.cache.freshMs },
      'replicas run without Redis and see changes of others after CACHE_FRESH_MS; set REDIS_URL'
    )
  if (config.server.trustProxy.length > 0 && config.urls.publicUrl === undefined)
    app.log.warn('PUBLIC_URL is not set and short_url uses the Host of the proxy; set PUBLIC_URL')
  const { address, family, port } = app.server.address() as AddressInfo
  const isWildcard = address === '0.0.0.0' || address === '::'
  const host = isWildcard ? 'localhost' : family === 'IPv6' ? `[${address}]` : address
  const url = `http://${host}:${port}`
  const storage = config.database.url
    ? 'PostgreSQL (DATABASE_URL)'
    : `bundled PostgreSQL in ${config.database.dataDir}`
  const cache = config.redis.url ? 'Redis (REDIS_URL)' : 'in this process'
  const key = config.access.mode === 'keys' ? ' -H "authorization: Bearer $KEY"' : ''
  const example = `curl -s -X POST ${url}/shorten -H 'content-type: application/json'${key} -d '{"url":"https://example.com"}'`
  if (!config.log.pretty) {
    app.log.info({ url, storage, cache, try: example }, 'listening')
    return
  }
  process.stdout.write(`
  Fairlead listens on ${url}
  Data:   ${storage}
  Cache:  ${cache}
  Try it: ${example}
  API:    ${url}/docs    Stop: Ctrl+C

`)
}
