import { setTimeout as wait } from 'node:timers/promises'
import { findDriverError } from '#platform/database/errors.ts'
import type { Database } from '#platform/database/index.ts'
import { type Batch, halveBatch, listRows } from './batch.ts'
import type { KindName } from './contract.ts'
import { decodeCopyRow } from './copy-text.ts'
import { addOutcomes, NOTHING, type Outcome } from './report.ts'
import { type StoreRules, storeBatch } from './store.ts'
import { findLastDrawn } from './store-sequences.ts'

/** Stores batches: retries a batch that lost a race and isolates the rows that the database rejects. */
export interface BatchStore {
  /** The last id that the sequence of `kind` gave. Call it when an import begins. */
  findLastDrawn(kind: KindName): Promise<number>
  /**
   * Stores `batch` and resolves to its outcome. Throws IMPORT_CONFLICT, and the driver's error if the batch
   * still fails after {@link MAX_ATTEMPTS} attempts.
   */
  store(batch: Batch, rules: StoreRules): Promise<Outcome>
}

const MAX_ATTEMPTS = 5

export function createBatchStore(database: Database): BatchStore {
  const takeTurn: Record<KindName, TurnTaker> = {
    users: createTurns(),
    urls: createTurns(),
    events: createTurns()
  }

  /**
   * One attempt. It returns errors that a retry or a split may fix, so that the pool keeps the connection.
   */
  async function attempt(batch: Batch, rules: StoreRules): Promise<Outcome | Error> {
    return database.withClient(async (client) => {
      try {
        return await storeBatch(client, batch, rules)
      } catch (error) {
        if (isRace(error) || isRefusal(error)) return error as Error
        throw error
      }
    })
  }

  async function storeWhole(batch: Batch, rules: StoreRules): Promise<Outcome> {
    for (let tries = 1; ; tries++) {
      const outcome = await attempt(batch, rules)
      if (!(outcome instanceof Error)) return outcome
      if (isRefusal(outcome)) return storeHalves(batch, rules, outcome)
      if (tries === MAX_ATTEMPTS) throw outcome
      await wait(10 * tries * (1 + Math.random()))
    }
  }

  /** Splits the batch in halves to find the rows that the database rejects, and stores the others. */
  async function storeHalves(batch: Batch, rules: StoreRules, error: Error): Promise<Outcome> {
    if (batch.rows === 1) {
      const [line] = decodeCopyRow(listRows(batch)[0] ?? '')
      const reason = `can not be stored: ${findDriverError(error)?.message}`
      return { ...NOTHING, rejected: [{ line: Number(line), reason }] }
    }
    const [head, tail] = halveBatch(batch)
    const first = await storeWhole(head, rules)
    return addOutcomes(first, await storeWhole(tail, rules))
  }

  return {
    findLastDrawn: (kind) => database.withClient((client) => findLastDrawn(client, kind)),
    // A wait for the database's lock would hold a connection that requests need, so imports queue here first.
    store: (batch, rules) => takeTurn[batch.kind.name](() => storeWhole(batch, rules))
  }
}

type TurnTaker = <T>(work: () => Promise<T>) => Promise<T>

/** Creates a queue that runs one piece of work at a time. A failure does not stop the queue. */
function createTurns(): TurnTaker {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const turn = last.then(work, work)
    last = turn.catch(() => undefined)
    return turn
  }
}

/**
 * True for errors that a retry may fix: a request inserted the same key after the batch read the table, or
 * both deadlocked.
 */
function isRace(error: unknown): boolean {
  return ['23505', '40001', '40P01'].includes(findDriverError(error)?.code ?? '')
}

/**
 * True for values that pass the readers but violate a limit of PostgreSQL (classes 22 and 54, check,
 * not-null).
 */
function isRefusal(error: unknown): boolean {
  return /^(22...|54...|23502|23514)$/.test(findDriverError(error)?.code ?? '')
}
