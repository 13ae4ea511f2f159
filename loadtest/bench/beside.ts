import { autocannonRun } from '#loadtest/autocannon-run.ts'

/** Other requests to a server while a case is measured. */
export type Beside = (url: string, seconds: number) => Promise<void>

const CONNECTIONS = 10
const GUESSES_PER_SECOND = 200

/** The path of the link with a password, by server. */
const locked = new Map<string, string>()

/** Guesses the password of a link, with the limits of the default settings. */
export const guessPassword: Beside = async (url, seconds) => {
  const path = locked.get(url) ?? (await createLocked(url))
  locked.set(url, path)
  const { statuses } = await autocannonRun({
    url,
    seconds,
    connections: CONNECTIONS,
    ratePerConnection: GUESSES_PER_SECOND / CONNECTIONS,
    requests: () => [{ method: 'GET', path, headers: { 'x-link-password': 'a guess' } }]
  })
  const others = Object.keys(statuses).filter((status) => !['401', '429', '503'].includes(status))
  if (others.length > 0) throw new Error(`Guesses were answered with ${others}`)
}

async function createLocked(url: string): Promise<string> {
  const response = await fetch(`${url}/urls`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ original_url: 'https://acme.dev/locked', password: 'no guess' })
  })
  const { short_code } = (await response.json()) as { short_code?: string }
  if (short_code === undefined) throw new Error(`The server created no link: ${response.status}`)
  return `/${short_code}`
}
