import type { Answer, Running } from './app.ts'

/** Runs the curl commands of a document against an app, in order to compare the answers with those it shows. */

export interface Stop {
  command: string
  /** What the document shows. */
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

/** Does what the curl command says and gives what curl would print. Throws for an option it does not know. */
export async function runCurl(command: string, request: Running['request']): Promise<string> {
  const [program, ...words] = splitWords(command)
  if (program !== 'curl') throw new Error(`This is no curl command: ${command}`)
  let [method, body, format, isQuiet, url] = ['', undefined as string | undefined, '', false, '']
  const headers: Record<string, string> = { 'user-agent': 'curl/8.5.0' }
  while (words.length > 0) {
    const word = words.shift() ?? ''
    const next = () => words.shift() ?? ''
    if (word === '-X') method = next()
    else if (word === '-d') body = next()
    else if (word === '-w') format = next()
    else if (word === '-o') isQuiet = next() === '/dev/null'
    else if (word === '-I') method = 'HEAD'
    else if (word === '-H') {
      const [name = '', value = ''] = next().split(/:\s*/, 2)
      headers[name] = value
    } else if (word.startsWith('-')) {
      if (!/^-[sSi]+$/.test(word)) throw new Error(`What does ${word} do? ${command}`)
    } else url = word
  }
  const path = url.replace(/^(https?:\/\/)?[^/]+/, '')
  const answer = await request(method || (body === undefined ? 'GET' : 'POST'), path, {
    headers,
    ...(body !== undefined && { body })
  })
  return (isQuiet ? '' : answer.text) + fillIn(format, answer)
}

/** What differs from run to run, made equal: times, request ids, the port and the version of curl. */
export function mask(output: string): string {
  return output
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/g, 'TIME')
    .replace(/"request_id":"[^"]*"/g, '"request_id":"ID"')
    .replace(/\b(localhost|127\.0\.0\.1):\d+/g, 'HOST')
    .replace(/\bcurl\/[\d.]+/g, 'curl/VERSION')
    .trim()
}

function fillIn(format: string, { status, headers }: Answer): string {
  return format
    .replaceAll('%{http_code}', `${status}`)
    .replaceAll('%{redirect_url}', headers.get('location') ?? '')
    .replaceAll('\\n', '\n')
}

/** Words of a shell command; single quotes and double quotes without anything to expand. */
function splitWords(command: string): string[] {
  return [...command.matchAll(/(?:[^\s'"]+|'[^']*'|"[^"$`]*")+/g)].map(([word]) =>
    word.replace(/'([^']*)'|"([^"]*)"/g, (_, one?: string, two?: string) => one ?? two ?? '')
  )
}
