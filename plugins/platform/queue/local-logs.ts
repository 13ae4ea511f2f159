import { appendFile, mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { FastifyBaseLogger } from 'fastify'
import { withDeadline } from '#platform/async/deadline.ts'
import { openPrivateFolder } from '#platform/database/private-folder.ts'
import type { EncodedBatch } from './encoder.ts'
import { type LocalLog, openLocalLog } from './local-log.ts'
import { type LogConsumer, type LogConsumerOptions, startLogConsumer } from './log-consumer.ts'
import { takeLogFolder, visitLogFolders } from './log-folder.ts'

/** The local logs below one folder: that of this process, and those of other processes, dead or alive. */
export interface LocalLogs {
  /** Appends to the log of this process. Rejects without a log, when it is full, or on a disk error. */
  append(batch: EncodedBatch): Promise<void>
  /** Starts to store the records of this process's log. */
  start(): void
  /** Stores the logs of dead processes. Never rejects. Do not call it concurrently. */
  visitAbandoned(): Promise<void>
  /**
   * Resolves true once the log of this process and the logs being visited are stored, false after
   * `timeoutMs`. With `others` it includes all logs below the folder.
   */
  settle(timeoutMs: number, others: boolean): Promise<boolean>
  /** Backlog of this process's log; null if it has none. */
  backlog(): { bytes: number; oldestMs: number } | null
  /** Stores as many items as it can within `timeoutMs`, then closes. */
  close(timeoutMs: number): Promise<void>
}

export interface LocalLogsOptions<Item> extends Omit<LogConsumerOptions<Item>, 'log' | 'deadLetter'> {
  root: string
  maxBytes: number
  onDeadLettered(letter: object, error: unknown): void
  logger: FastifyBaseLogger
}

/** The longest timer of Node. */
const FOR_EVER_MS = 2 ** 31 - 1

/** Opens the logs below `root`, and one for this process if `isOwner`. Rejects with the system's error. */
export async function openLocalLogs<Item>(
  { root, maxBytes, logger, onDeadLettered, ...storing }: LocalLogsOptions<Item>,
  isOwner: boolean
): Promise<LocalLogs> {
  const own = isOwner ? await openOwn() : null
  let consumer: LogConsumer | null = null
  /** Consumers of logs that other processes left. */
  const visitors = new Set<LogConsumer>()
  const unreadable = new Set<string>()
  let visiting: Promise<boolean> | null = null
  let isClosing = false

  async function openOwn() {
    await openPrivateFolder(dirname(root), logger)
    await mkdir(root, { recursive: true, mode: 0o700 })
    const { folder, unlock } = await takeLogFolder(root)
    return { folder, unlock, log: await openLog(folder, false) }
  }

  function openLog(folder: string, isForeign: boolean): Promise<LocalLog> {
    return openLocalLog({
      folder,
      maxBytes,
      isForeign,
      onDamage(file, detail, isTail) {
        // A crash truncates the last record, which was not acknowledged.
        logger[isTail ? 'warn' : 'error'](
          { file, detail },
          'log segment set aside: all before the damage is stored'
        )
      }
    })
  }

  function consume(log: LocalLog): LogConsumer {
    return startLogConsumer({
      ...storing,
      log,
      async deadLetter(letter, error) {
        const line = JSON.stringify({ ...letter, reason: (error as Error).message })
        await appendFile(join(root, 'dead-letters.ndjson'), `${line}\n`, { mode: 0o600, flush: true })
        onDeadLettered(letter as object, error)
      }
    })
  }

  function visit(timeoutMs: number, others: boolean): Promise<boolean> {
    const store = async (folder: string, isForeign: boolean) => {
      if (isClosing || (isForeign && !others)) return true
      const visitor = consume(await openLog(folder, isForeign))
      visitors.add(visitor)
      if (isClosing) await visitor.stop(0)
      const isStored = await visitor.settle(timeoutMs)
      visitors.delete(visitor)
      await visitor.stop(0)
      if (isStored) logger.info({ folder }, 'abandoned local log stored')
      return isStored
    }
    return visitLogFolders(root, own?.folder ?? null, store, warnOnce)
  }

  function warnOnce(folder: string, error: unknown): void {
    if (!unreadable.has(folder)) logger.warn({ err: error, folder }, 'reading a local log failed')
    unreadable.add(folder)
  }

  return {
    append: (batch) => consumer?.append(batch) ?? Promise.reject(new Error('this process has no local log')),
    start() {
      if (own !== null) consumer = consume(own.log)
    },
    async visitAbandoned() {
      visiting = visit(FOR_EVER_MS, false)
      await visiting
      visiting = null
    },
    async settle(timeoutMs, others) {
      const parts = [consumer?.settle(timeoutMs)]
      if (others) parts.push(visit(timeoutMs, true))
      else if (visiting !== null) parts.push(withDeadline(visiting, timeoutMs).catch(() => false))
      return !(await Promise.all(parts)).includes(false)
    },
    backlog: () => own && { bytes: own.log.bytes, oldestMs: own.log.oldestMs },
    async close(timeoutMs) {
      isClosing = true
      await Promise.all([...visitors, ...(consumer ? [consumer] : [])].map((one) => one.stop(timeoutMs)))
      await visiting
      await own?.unlock()
    }
  }
}
