import { BlockList, isIP } from 'node:net'
import type { Config } from '#apps/config.ts'
import { StartRefused } from '#platform/problem/start-refused.ts'

/**
 * Addresses that other machines can't reach (RFC 6890): 127.0.0.0/8, and `::1`. The IPv6 form of an IPv4
 * address is included.
 */
const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8)
loopback.addAddress('::1', 'ipv6')

function isLoopback(host: string): boolean {
  if (host.toLowerCase() === 'localhost') return true
  const version = isIP(host)
  return version !== 0 && loopback.check(host, version === 4 ? 'ipv4' : 'ipv6')
}

/**
 * Restricts a server without authentication to loopback. Throws {@link StartRefused} for `AUTH=open` on any
 * other address, unless the settings allow it.
 */
export function refuseExposure({ access, server, settings }: Config): void {
  if (access.mode !== 'open' || isLoopback(server.host)) return
  if (settings.AUTH_OPEN_BEYOND_LOOPBACK === 'yes') return
  throw new StartRefused(
    `With AUTH=open every client that reaches ${server.host} can change every link. Set one of:\n` +
      '  AUTH=keys                      callers need a key; ADMIN_KEY or `npm run cli -- keys create NAME` sets the first\n' +
      '  HOST=127.0.0.1                 listen on this machine only\n' +
      '  AUTH_OPEN_BEYOND_LOOPBACK=yes  a proxy authenticates clients, or the network is private'
  )
}
