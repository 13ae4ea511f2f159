import { once } from 'node:events'
import { createServer } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { StartRefused } from '#platform/start-refused.ts'

/** Where a process listens, and the setting that has its port. */
export interface Place {
  host: string
  port: number
  setting: 'PORT' | 'WORKER_PORT'
}

/**
 * Checks that the process can listen at `place`, before it makes a database that only another start would use. Throws
 * {@link StartRefused} when it can't. Another process may still take the port before {@link listen}, which throws the same.
 */
export async function checkPlace(place: Place): Promise<void> {
  const server = createServer()
  try {
    await once(server.listen({ host: place.host, port: place.port }), 'listening')
  } catch (error) {
    throw refuse(place, error)
  }
  server.close()
  await once(server, 'close')
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
