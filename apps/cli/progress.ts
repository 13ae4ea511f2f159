/** Shows the progress of a file: a bar on a terminal, elsewhere a line every 10 s. */
export interface Progress {
  /** `rows` is 0 while the number of rows done is unknown. */
  update(doneBytes: number, rows: number): void
  stop(): void
}

const PLAIN_EVERY_MS = 10_000
const BAR_WIDTH = 40
/** Returns to the first column and erases to the end of the line (ECMA-48). */
const CLEAR_LINE = '\r\u001B[K'

/** Starts to show the file `name` on `stream`; `now` returns milliseconds. */
export function showProgress(
  stream: NodeJS.WriteStream,
  name: string,
  totalBytes: number,
  now: () => number = Date.now
): Progress {
  return stream.isTTY ? showBar(stream, name, totalBytes) : showLines(stream, name, totalBytes, now)
}

function showBar(stream: NodeJS.WriteStream, name: string, totalBytes: number): Progress {
  let shown = ''
  const update = (doneBytes: number, rows: number) => {
    const share = Math.min(1, doneBytes / Math.max(1, totalBytes))
    const bar = '█'.repeat(share * BAR_WIDTH).padEnd(BAR_WIDTH, '░')
    const count = rows === 0 ? '' : `${rows.toLocaleString('en')} rows`
    const line = `${name.padEnd(10)} ${bar} ${Math.floor(share * 100)} %  ${count}`
    if (line !== shown) stream.write(`${CLEAR_LINE}${line}`)
    shown = line
  }
  update(0, 0)
  return { update, stop: () => void stream.write(CLEAR_LINE) }
}

function showLines(
  stream: NodeJS.WriteStream,
  name: string,
  totalBytes: number,
  now: () => number
): Progress {
  let printedAt = now()
  return {
    update(doneBytes, rows) {
      if (now() - printedAt < PLAIN_EVERY_MS) return
      printedAt = now()
      const percent = Math.floor((doneBytes / Math.max(1, totalBytes)) * 100)
      stream.write(`${name}: ${percent} %${rows === 0 ? '' : `, ${rows.toLocaleString('en')} rows done`}\n`)
    },
    stop: () => undefined
  }
}
