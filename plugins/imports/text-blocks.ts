import { isUtf8 } from 'node:buffer'

/** Maximum bytes of a line that is held until it is complete. */
const MAX_LINE = 16 * 1024 * 1024
const NEWLINE = 10

/**
 * Decodes a stream of bytes into texts. Spreadsheets save UTF-16 in either byte order. A byte order mark
 * identifies it; without one, the zero byte of the first letter does, because column names are ASCII.
 */
export async function* readTextBlocks(source: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const chunks = source[Symbol.asyncIterator]()
  let head: Buffer = Buffer.alloc(0)
  async function* readAll() {
    try {
      yield head
      for (;;) {
        const { value, done } = await chunks.next()
        if (done) return
        yield value
      }
    } finally {
      await chunks.return?.()
    }
  }
  while (head.length < 2) {
    const { value, done } = await chunks.next()
    if (done) break
    head = Buffer.concat([head, value])
  }
  const [first, second] = head
  if ((first === 0xff && second === 0xfe) || (first !== 0 && second === 0)) yield* readUtf16(readAll(), false)
  else if ((first === 0xfe && second === 0xff) || (first === 0 && second !== undefined))
    yield* readUtf16(readAll(), true)
  else yield* readUtf8(readAll())
}

/** An incomplete surrogate pair stays incomplete; every column rejects it, so its row is rejected. */
async function* readUtf16(source: AsyncIterable<Buffer>, isBigEndian: boolean): AsyncGenerator<string> {
  let odd: Buffer = Buffer.alloc(0)
  for await (const chunk of source) {
    const bytes = Buffer.concat([odd, chunk])
    const whole = bytes.subarray(0, bytes.length - (bytes.length % 2))
    odd = bytes.subarray(whole.length)
    yield (isBigEndian ? whole.swap16() : whole).toString('utf16le')
  }
  if (odd.length > 0) yield '\0'
}

/**
 * Yields texts that end at line ends, except the last text and lines above MAX_LINE. In a line that is not
 * UTF-8 each invalid byte becomes NUL. Every column rejects NUL, so the row is rejected; a replacement
 * character would be stored silently.
 */
async function* readUtf8(source: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let held: Buffer[] = []
  let heldBytes = 0
  for await (const chunk of source) {
    const cut = chunk.lastIndexOf(NEWLINE) + 1
    if (cut === 0 && heldBytes + chunk.length <= MAX_LINE) {
      held.push(chunk)
      heldBytes += chunk.length
      continue
    }
    const head = cut === 0 ? chunk : chunk.subarray(0, cut)
    yield decode(held.length === 0 ? head : Buffer.concat([...held, head]))
    const rest = chunk.subarray(head.length)
    held = rest.length === 0 ? [] : [rest]
    heldBytes = rest.length
  }
  if (heldBytes > 0) yield decode(Buffer.concat(held))
}

function decode(block: Buffer): string {
  return isUtf8(block) ? block.toString('utf8') : decodeLines(block)
}

function decodeLines(block: Buffer): string {
  let text = ''
  for (let at = 0; at < block.length; ) {
    const end = block.indexOf(NEWLINE, at) + 1 || block.length
    const line = block.subarray(at, end)
    text += isUtf8(line) ? line.toString('utf8') : line.toString('utf8').replaceAll('\uFFFD', '\0')
    at = end
  }
  return text
}
