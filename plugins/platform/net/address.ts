import { isIPv6 } from 'node:net'

/**
 * The network part of an address, for logs, which hold no full ones: the first 24 bits of IPv4, 48 of IPv6 (the
 * cut that Google Analytics made for anonymisation).
 */
export function truncateAddress(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+)\.\d+$/i.exec(address)
  if (mapped) return `${mapped[1]}.0`
  if (!isIPv6(address)) return address.replace(/\.\d+$/, '.0')
  const [head = ''] = address.split('::', 1)
  return `${head.split(':').slice(0, 3).join(':')}::`
}
