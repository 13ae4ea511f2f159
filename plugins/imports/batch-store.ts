import { setTimeout as wait } from 'node:timers/promises'
import { findDriverError } from '#platform/database/errors.ts'
import type { Database } from '#platform/database/index.ts'
import { type Batch, halveBatch, listRows } from './batch.ts'
import type { KindName } from './contract.ts'
import { decodeCopyRow } from './copy-text.ts'
import { addOutcomes, NOTHING, type Outcome } from './report.ts'
import { type StoreRules, storeBatch } from './store.ts'
import { findLastDrawn } from './store-sequences.ts'

/** Gets batches stored whatever meets them on the way: rows that clash, rows that the database refuses. */
export interface BatchStore {
  /** The last id that was given to a row of `kind`; to be asked for when an import begins. */
  findLastDrawn(kind: KindName): Promise<number>
  /** Throws IMPORT_CONFLICT. */
  store(batch: Batch, rules: StoreRules): Promise<Outcome>
}

const MAX_ATTEMPTS = 5

export function createBatchStore(database: Database): BatchStore {
  const takeTurn: Record<KindName, TurnTaker> = {
    users: createTurns(),
    urls: createTurns(),
    events: createTurns()
  }

  /** One try. What may be mended by another is given, not thrown, so that the pool keeps the connection. */
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

  /** Finds the rows that the database refuses by halving, so that the others land. */
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
    // Waiting here rather than for the database's lock keeps imports from holding connections that requests need.
    store: (batch, rules) => takeTurn[batch.kind.name](() => storeWhole(batch, rules))
  }
}

type TurnTaker = <T>(work: () => Promise<T>) => Promise<T>

/** Makes a queue of one: work waits until what came before has ended, well or not. */
function createTurns(): TurnTaker {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const turn = last.then(work, work)
    last = turn.catch(() => undefined)
    return turn
  }
}

/** A key that a request took between our look and our insert, or a deadlock with one: the next try sees it. */
function isRace(error: unknown): boolean {
  return ['23505', '40001', '40P01'].includes(findDriverError(error)?.code ?? '')
}

/** Data that the readers let through and the database does not take (classes 22 and 54, check and not-null). */
function isRefusal(error: unknown): boolean {
  return /^(22...|54...|23502|23514)$/.test(findDriverError(error)?.code ?? '')
}
