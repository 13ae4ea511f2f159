import { isUtf8 } from 'node:buffer'

/** Longest line in bytes that is held back to be decoded whole. */
const MAX_LINE = 16 * 1024 * 1024
const NEWLINE = 10

/**
 * Decodes a stream of UTF-8 bytes into texts that end at line ends (but for the last, and for lines beyond all
 * measure). In a line that is not UTF-8 each wrong byte becomes NUL, which no column takes, so that the row is refused
 * where a replacement character would be stored in silence.
 */
export async function* readTextBlocks(source: AsyncIterable<Buffer>): AsyncGenerator<string> {
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
