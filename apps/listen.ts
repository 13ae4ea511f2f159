import { once } from 'node:events'
import { connect } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { StartRefused } from '#platform/problem/start-refused.ts'

/** Where a process listens, and the setting that has its port. */
export interface Place {
  host: string
  port: number
  setting: 'PORT' | 'WORKER_PORT'
}

/** How long a server that has the port may take to accept the connection that finds it. */
const PROBE_MS = 500

/**
 * Checks that no other server listens at `place`, before the process makes a database that only another start would use. Throws
 * {@link StartRefused} when one does; {@link listen} throws the same for whatever else is in the way. It connects rather than
 * listens: a proxy that knows this place would send requests to a server that is gone the next moment.
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

/** Has `app` listen at `place`. Throws {@link StartRefused} when it can't. */
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
