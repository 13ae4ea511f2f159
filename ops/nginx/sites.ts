import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'
import { listen } from '#testing/listen.ts'
import { startNginx } from '#testing/servers.ts'
import { until } from '#testing/until.ts'
import { filesIn, renderSite, type SiteOptions, upstreamOf } from './render.ts'

/** The site in a real nginx, with replicas made by the test. */

/** A line of the access log: a measurement is a number, or null if it is missing. */
export type AccessLine = Record<string, string | number | null> & { replica: string }

/**
 * The lines of a site's access log, once there are `atLeast`: nginx writes a line after it has sent the
 * answer.
 */
export async function readAccessLog(folder: string, atLeast: number): Promise<AccessLine[]> {
  const read = async () => (await readFile(join(folder, 'access.log'), 'utf8')).split('\n').slice(0, -1)
  const lines = await until(read, ({ length }) => length >= atLeast)
  return lines.map((line) => JSON.parse(line))
}

/** A replica that echoes the request. */
export function createEcho(): Server {
  return createServer(async (request, response) => {
    const { method, url, headers } = request
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ method, url, headers, body: await text(request) }))
  })
}

/** Starts nginx with the site of `options`, listening with `flags`; `more` goes into its http block. */
export function startSite(
  t: Test,
  options: Omit<SiteOptions, 'LISTEN'>,
  { flags = '', more = '' }: { flags?: string; more?: string } = {}
) {
  return startNginx(t, (port, folder) => {
    const site = renderSite({
      LISTEN: `127.0.0.1:${port} ${flags}`,
      ACCESS_LOG: `${folder}/access.log fairlead`,
      ...options
    })
    return `pid ${folder}/nginx.pid; events {} http { ${filesIn(folder)}\n${site}\n${more} }`
  })
}

/**
 * nginx before two replicas: one reads each request and closes the connection, as if killed, and one echoes.
 * `tries` counts the requests to the first, `connections` the connections to the second.
 */
export async function startPair(t: Test) {
  const state = { tries: 0, connections: 0 }
  const dying = createServer(async (request) => {
    await text(request)
    state.tries++
    request.socket.destroy()
  })
  const living = createEcho()
  living.on('connection', () => state.connections++)
  const upstream = [await listen(t, dying), await listen(t, living)]
  const { url, folder } = await startSite(t, { UPSTREAM: upstreamOf(upstream) })
  return { url, folder, state }
}
