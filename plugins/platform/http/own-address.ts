import type { FastifyRequest } from 'fastify'

/**
 * Returns the address that the client requested. HTTP/1.0 allows a request without a host; then the socket's
 * address.
 */
export function addressOf({ protocol, host, socket }: FastifyRequest): string {
  if (host !== '') return `${protocol}://${host}`
  const { localAddress = '', localPort, localFamily } = socket
  return `${protocol}://${localFamily === 'IPv6' ? `[${localAddress}]` : localAddress}:${localPort}`
}
