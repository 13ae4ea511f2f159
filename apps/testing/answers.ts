import { connect } from 'node:net'
import pg from 'pg'

/** Checks whether a test's own server answers. */

/** True if the PostgreSQL, or the pooler before it, answers `query`. */
export async function answersQuery(connectionString: string, query: string): Promise<boolean> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 1_000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query(query)
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** True if the Redis at `port` answers a ping. It refuses while it loads its file. */
export function answersPing(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    socket.once('data', (answer) => {
      done(answer.toString().startsWith('+PONG'))
      socket.destroy()
    })
    socket.once('error', () => done(false))
    socket.once('close', () => done(false))
  })
}

/** True if `url` answers with 200. */
export async function answers(url: string): Promise<boolean> {
  try {
    const { status, body } = await fetch(url, { signal: AbortSignal.timeout(2_000) })
    await body?.cancel()
    return status === 200
  } catch {
    return false
  }
}

/** True if a program listens at `port`. */
export function accepts(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => {
      done(true)
      socket.destroy()
    })
    socket.once('error', () => done(false))
  })
}
