import { isIPv6 } from 'node:net'

/**
 * The network part of an address, for logs, which must not contain full addresses: the first 24 bits of IPv4
 * or 48 bits of IPv6. Google Analytics truncates addresses in the same way.
 */
export function truncateAddress(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+)\.\d+$/i.exec(address)
  if (mapped) return `${mapped[1]}.0`
  if (!isIPv6(address)) return address.replace(/\.\d+$/, '.0')
  const [head = ''] = address.split('::', 1)
  return `${head.split(':').slice(0, 3).join(':')}::`
}
