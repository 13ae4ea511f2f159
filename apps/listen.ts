import { once } from 'node:events'
import { connect } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { StartRefused } from '#platform/problem/start-refused.ts'

/** The address on which a process listens, and the setting of its port. */
export interface Place {
  host: string
  port: number
  setting: 'PORT' | 'WORKER_PORT'
}

/** Timeout for the connection that detects a server on the port. */
const PROBE_MS = 500

/**
 * Checks that no other server listens at `place`, before the process creates a database that only a later
 * start would use. Throws {@link StartRefused} if one does; {@link listen} throws the same for any other
 * obstacle. The check connects instead of listening: a proxy that knows this place could send requests to a
 * listener that closes at once.
 */
export async function checkPlace(place: Place): Promise<void> {
  if (place.port === 0) return
  const host = place.host === '0.0.0.0' || place.host === '::' ? 'localhost' : place.host
  const socket = connect({ host, port: place.port })
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(PROBE_MS) })
  } catch {
    return
  } finally {
    socket.destroy()
  }
  throw refuse(place, new Error(`address already in use ${place.host}:${place.port}`))
}

/** Makes `app` listen at `place`. Throws {@link StartRefused} if it can't. */
export async function listen(app: FastifyInstance, place: Place): Promise<void> {
  try {
    await app.listen({ host: place.host, port: place.port })
  } catch (error) {
    throw refuse(place, error)
  }
}

function refuse({ setting }: Place, error: unknown): StartRefused {
  return new StartRefused(`${(error as Error).message}: set HOST or ${setting} to another`, { cause: error })
}
