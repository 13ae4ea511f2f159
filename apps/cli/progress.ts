import { SingleBar } from 'cli-progress'

/** Shows how far a file is: a bar on a terminal, a line now and then elsewhere. */
export interface Progress {
  /** `rows` is 0 while nobody has said how many are done. */
  update(doneBytes: number, rows: number): void
  stop(): void
}

const PLAIN_EVERY_MS = 10_000

/** Begins to show the file `name` on `stream`; `now` gives milliseconds. */
export function showProgress(
  stream: NodeJS.WriteStream,
  name: string,
  totalBytes: number,
  now: () => number = Date.now
): Progress {
  return stream.isTTY ? showBar(stream, name, totalBytes) : showLines(stream, name, totalBytes, now)
}

function showBar(stream: NodeJS.WriteStream, name: string, totalBytes: number): Progress {
  const bar = new SingleBar({
    stream,
    format: `${name.padEnd(10)} {bar} {percentage} %  {rows}`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    clearOnComplete: true
  })
  bar.start(totalBytes, 0, { rows: '' })
  return {
    update: (doneBytes, rows) =>
      bar.update(doneBytes, { rows: rows === 0 ? '' : `${rows.toLocaleString('en')} rows` }),
    stop: () => bar.stop()
  }
}

function showLines(
  stream: NodeJS.WriteStream,
  name: string,
  totalBytes: number,
  now: () => number
): Progress {
  let told = now()
  return {
    update(doneBytes, rows) {
      if (now() - told < PLAIN_EVERY_MS) return
      told = now()
      const percent = Math.floor((doneBytes / Math.max(1, totalBytes)) * 100)
      stream.write(`${name}: ${percent} %${rows === 0 ? '' : `, ${rows.toLocaleString('en')} rows done`}\n`)
    },
    stop: () => undefined
  }
}
