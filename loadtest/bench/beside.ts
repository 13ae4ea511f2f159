import { autocannonRun } from '#loadtest/autocannon-run.ts'

/** Other requests to a server while a case is measured. */
export type Beside = (url: string, seconds: number) => Promise<void>

const CONNECTIONS = 10
const REQUESTS_PER_SECOND = 200

/** The paths of links with rules, by server and rules. */
const paths = new Map<string, string>()

/** Guesses the password of a link, with the limits of the default settings. */
export const guessPassword: Beside = async (url, seconds) => {
  const path = await findLink(url, { password: 'no guess' })
  await send(url, seconds, path, ['401', '429', '503'])
}

/** Follows a link with a visit limit that is not reached. */
export const followLimited: Beside = async (url, seconds) => {
  await send(url, seconds, await findLink(url, { max_visits: 1e9 }), ['302'])
}

async function send(url: string, seconds: number, path: string, expected: string[]): Promise<void> {
  const { statuses } = await autocannonRun({
    url,
    seconds,
    connections: CONNECTIONS,
    ratePerConnection: REQUESTS_PER_SECOND / CONNECTIONS,
    requests: () => [{ method: 'GET', path, headers: { 'x-link-password': 'a guess' } }]
  })
  const others = Object.keys(statuses).filter((status) => !expected.includes(status))
  if (others.length > 0) throw new Error(`Requests beside the case were answered with ${others}`)
}

/** Returns the path of a link with these rules at a server, which gets one if it has none. */
export async function findLink(url: string, rules: object): Promise<string> {
  const key = `${url} ${JSON.stringify(rules)}`
  const path = paths.get(key) ?? (await createLink(url, rules))
  paths.set(key, path)
  return path
}

async function createLink(url: string, rules: object): Promise<string> {
  const response = await fetch(`${url}/urls`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ original_url: 'https://acme.dev/a/target', ...rules })
  })
  const { short_code } = (await response.json()) as { short_code?: string }
  if (short_code === undefined) throw new Error(`The server created no link: ${response.status}`)
  return `/${short_code}`
}
