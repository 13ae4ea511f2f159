import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** Runs the curl commands of a document against an app, and compares the answers with the printed ones. */

export interface Stop {
  command: string
  /** The output in the document. */
  shown: string
}

/** The commands (`$ curl …`, continued after a backslash) and the output of a console block. */
export function readStops(block: string): Stop[] {
  return block
    .split(/^\$ /m)
    .slice(1)
    .map((text) => {
      const lines = text.split('\n')
      let last = 0
      while (lines[last]?.endsWith('\\')) last++
      return {
        command: lines
          .slice(0, last + 1)
          .map((line) => line.replace(/\\$/, '').trim())
          .join(' '),
        shown: lines
          .slice(last + 1)
          .filter((line) => line !== '' && !line.startsWith('```'))
          .join('\n')
      }
    })
}

/** Runs a command of a document on the server at `url`, instead of the one in the document. */
export async function runStop(command: string, url: string): Promise<string> {
  const here = command.replaceAll('localhost:3000', new URL(url).host)
  return (await promisify(execFile)('sh', ['-c', here])).stdout
}

/** Masks the parts that change between runs: times, request ids, the port and the version of curl. */
export function mask(output: string): string {
  return output
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/g, 'TIME')
    .replace(/"request_id":"[^"]*"/g, '"request_id":"ID"')
    .replace(/\b(localhost|127\.0\.0\.1):\d+/g, 'HOST')
    .replace(/\bcurl\/[\d.]+/g, 'curl/VERSION')
    .trim()
}
