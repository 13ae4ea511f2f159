import { connect } from 'node:net'
import { query } from './query.ts'

/** Checks whether a test's own server answers. */

/** True if the PostgreSQL, or the pooler before it, answers. */
export function answersQuery(url: string): Promise<boolean> {
  return query(url, 'SELECT 1').then(
    () => true,
    () => false
  )
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
