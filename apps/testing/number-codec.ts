import { type Codec, createJsonList, type EncodedBatch } from '#platform/queue/encoder.ts'

/** A codec of numbers, for isolated tests of queues. Each number is its own id. */
export const numberCodec: Codec<number, number> = {
  createEncoder() {
    const list = createJsonList()
    let items = 0
    return {
      get items() {
        return items
      },
      add(drafts) {
        list.add(drafts)
        items += drafts.length
      },
      seal() {
        const sealed = { items, record: `[${list.take()}]` }
        items = 0
        return sealed
      }
    }
  },
  decode(record) {
    const numbers: unknown = JSON.parse(record)
    if (!Array.isArray(numbers) || !numbers.every(Number.isInteger)) throw new Error('not a batch of numbers')
    return numbers
  }
}

/** The batch of `numbers`. */
export function batchOf(numbers: number[]): EncodedBatch {
  return { items: numbers.length, record: JSON.stringify(numbers) }
}
