import { ApiError } from '#apps/client/api-error.ts'
import { type Client, createClient } from '#apps/client/client.ts'
import { plain } from '#apps/command-line.ts'
import type { Url } from '#schema/shapes/url.ts'
import { type CommandContext, CommandError } from './command.ts'
import { readServer, URL_OPTION } from './remote.ts'

/** What the commands that work on the API of a server have in common. */

/** The options of these commands. */
export const SERVER_OPTIONS = {
  url: { ...URL_OPTION.url, help: `${URL_OPTION.url.help} (this machine's when not given)` },
  json: { type: 'boolean', help: 'Prints JSON instead of text' }
} as const

/** Opens the server at `--url`, or the one that these settings start. */
export function openServer({ options, env, signal }: CommandContext): Client {
  const { base, key } = readServer(options['url'] ?? `http://127.0.0.1:${env['PORT'] || 3000}`, env)
  return createClient({ baseUrl: `${base.origin}${base.pathname}`, key, signal })
}

/** Returns an error of the server in one line. */
export function describeApiError({ code, status, detail, requestId }: ApiError): string {
  const line = detail.slice(0, 300).replace(/\s+/g, ' ').trim()
  // Codes of the client itself have a complete sentence.
  if (status === 0 || code === 'REDIRECTED' || code === 'ANSWER_UNREADABLE') return line
  return `The server answered ${status}: ${line}${status >= 500 && requestId ? ` (request ${requestId})` : ''}`
}

/** Finds a link by its id, its code or its short URL. Throws a {@link CommandError} if there is none. */
export async function findLink({ links }: Client, word: string): Promise<Url> {
  const code = URL.parse(word)?.pathname.split('/').at(-1) ?? word
  if (/^[1-9]\d{0,14}$/.test(code)) {
    const link = await links.get(Number(code)).catch((error) => {
      // A code may be all digits too.
      if (error instanceof ApiError && error.code === 'URL_UNKNOWN') return null
      throw error
    })
    if (link !== null) return link
  }
  const { rows } = await links.list({ short_code: code, per_page: 1 })
  if (rows[0] === undefined) throw new CommandError(`There is no link with the id or code ${plain(code)}`)
  return rows[0]
}

/** Prints a value in one line of JSON. It keeps what {@link plain} replaces, as escapes. */
export function printJson({ output }: CommandContext, value: unknown): void {
  const toEscape = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
  output.print(JSON.stringify(value).replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, toEscape))
}

export function isJson({ options }: CommandContext): boolean {
  return options['json'] !== undefined
}
