import { once } from 'node:events'
import { createServer, connect as dial, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

/**
 * A network link between two programs on this machine: a TCP proxy that can be slow, lossy, silent or cut.
 */

/**
 * The condition of a link.
 * - `delay`: each piece arrives this much later, in both directions, give or take `jitterMs`.
 * - `loss`: this share of the pieces is lost and sent again. Each delays the pieces behind it by a
 *   retransmission timeout (200 ms, doubled for each further loss: RFC 6298 with Linux' least timeout).
 * - `silence`: nothing passes, and connections stay open. The data arrives when the silence ends.
 * - `cut`: connections are reset and new ones refused.
 */
export type NetworkCondition =
  | { kind: 'clear' }
  | { kind: 'delay'; ms: number; jitterMs?: number }
  | { kind: 'loss'; share: number }
  | { kind: 'silence' }
  | { kind: 'cut' }

export interface Link {
  /** The `host:port` to connect to instead of the target. */
  readonly address: string
  /** Changes the condition, for existing connections too. */
  setCondition(condition: NetworkCondition): Promise<void>
  /** Closes the link and its connections. */
  close(): Promise<void>
}

const RETRANSMIT_MS = 200
/** The link stops reading from a sender when this much is queued. */
const MAX_QUEUED_BYTES = 1024 * 1024

/** Opens a link to `target`, `host:port`, on a free port of this machine. */
export async function openLink(target: string): Promise<Link> {
  const { hostname, port: targetPort } = new URL(`tcp://${target}`)
  const sockets = new Set<Socket>()
  let condition: NetworkCondition = { kind: 'clear' }
  /** Resolves when the silence ends. */
  let speech = Promise.withResolvers<void>()
  speech.resolve()

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = dial({ host: hostname, port: Number(targetPort), allowHalfOpen: true, noDelay: true })
    join(near, far)
    pass(near, far)
    pass(far, near)
  })
  server.on('error', () => undefined)

  /** Closes or resets either side with the other. */
  function join(near: Socket, far: Socket): void {
    for (const [one, other] of [
      [near, far],
      [far, near]
    ] as const) {
      sockets.add(one)
      one.on('error', () => other.resetAndDestroy())
      one.once('close', (hadError) => {
        sockets.delete(one)
        if (hadError) other.resetAndDestroy()
      })
    }
  }

  /** Forwards data from `from` to `to`: in order, and no piece before its time. */
  function pass(from: Socket, to: Socket): void {
    let queued = 0
    let due = 0
    let last: Promise<unknown> = Promise.resolve()
    from.on('data', (piece) => {
      queued += piece.length
      if (queued > MAX_QUEUED_BYTES) from.pause()
      due = Math.max(due, performance.now() + delayOf(condition))
      const dueAt = due
      last = last
        .then(() => arrive(dueAt))
        .then(() => {
          queued -= piece.length
          if (queued <= MAX_QUEUED_BYTES) from.resume()
          if (!to.destroyed) to.write(piece)
        })
    })
    from.once('end', () => {
      last = last.then(() => speech.promise).then(() => to.end())
    })
  }

  async function arrive(due: number): Promise<void> {
    const ms = due - performance.now()
    if (ms > 0.5) await wait(ms)
    await speech.promise
  }

  async function listen(port: number): Promise<void> {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  }

  function reset(): void {
    for (const socket of sockets) socket.resetAndDestroy()
  }

  await listen(0)
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the link has no port')
  const { port } = address
  return {
    address: `127.0.0.1:${port}`,
    async setCondition(next) {
      const before = condition
      condition = next
      if (before.kind === 'silence') speech.resolve()
      if (next.kind === 'silence') speech = Promise.withResolvers()
      if (next.kind === 'cut' && server.listening) {
        const closed = once(server, 'close')
        server.close()
        reset()
        await closed
      } else if (next.kind !== 'cut' && !server.listening) await listen(port)
    },
    async close() {
      speech.resolve()
      server.close()
      reset()
    }
  }
}

function delayOf(condition: NetworkCondition): number {
  if (condition.kind === 'delay') return condition.ms + (condition.jitterMs ?? 0) * (2 * Math.random() - 1)
  if (condition.kind !== 'loss') return 0
  let ms = 0
  for (let timeout = RETRANSMIT_MS; Math.random() < condition.share; timeout *= 2) ms += timeout
  return ms
}
