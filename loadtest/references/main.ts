import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import fastify from 'fastify'
import pg from 'pg'
import { Url } from '#schema/shapes/url.ts'

/**
 * The references of the server, as separate processes: the minimum that can answer the same request.
 *
 * - `raw`: node:http, a 302 with a Location
 * - `fastify`: a route without hooks or schema, the same answer
 * - `json`: a route that answers the JSON of a link through a schema
 * - `postgres`: such a route that looks the code up with one prepared statement (DATABASE_URL)
 */
const TARGET = 'https://acme.dev/harbor/canyon/1'
const SELECT = {
  name: 'reference',
  text: 'SELECT id, user_id, original_url, is_active, expires_at, version FROM urls WHERE short_code = $1'
}

function announce(url: string): void {
  process.stdout.write(`${JSON.stringify({ msg: 'listening', url })}\n`)
}

function listenRaw(): void {
  const server = createServer((_request, response) => {
    response.writeHead(302, { location: TARGET, 'content-length': '0' })
    response.end()
  })
  server.listen(0, '127.0.0.1', () => announce(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
}

async function listenFastify(): Promise<void> {
  const app = fastify()
  app.get('/:code', (_request, reply) => {
    reply.code(302).header('location', TARGET).send()
  })
  announce(await app.listen({ host: '127.0.0.1', port: 0 }))
}

async function listenJson(): Promise<void> {
  const app = fastify()
  const link = {
    id: 1,
    user_id: null,
    short_code: 'bAcmeOne',
    short_url: 'http://127.0.0.1:3000/bAcmeOne',
    original_url: TARGET,
    title: 'Bench 1',
    is_active: true,
    created_at: '2026-01-01T00:00:00Z',
    updated_at: '2026-01-01T00:00:00Z',
    expires_at: null
  }
  app.get('/*', { schema: { response: { 200: Url } } }, (_request, reply) => {
    reply.send(link)
  })
  announce(await app.listen({ host: '127.0.0.1', port: 0 }))
}

async function listenPostgres(): Promise<void> {
  // biome-ignore lint/style/noProcessEnv: a process' entry reads its environment
  const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'], max: 10 })
  const app = fastify()
  app.get<{ Params: { code: string } }>('/:code', async (request, reply) => {
    const { rows } = await pool.query<{ original_url: string }>({ ...SELECT, values: [request.params.code] })
    const url = rows[0]?.original_url
    return url === undefined ? reply.code(404).send() : reply.code(302).header('location', url).send()
  })
  announce(await app.listen({ host: '127.0.0.1', port: 0 }))
}

const kind = process.argv[2]
if (kind === 'raw') listenRaw()
else if (kind === 'fastify') await listenFastify()
else if (kind === 'json') await listenJson()
else if (kind === 'postgres') await listenPostgres()
else throw new Error(`There is no reference ${kind}: raw, fastify, json or postgres`)
