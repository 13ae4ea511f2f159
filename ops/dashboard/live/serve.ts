import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename, join } from 'node:path'
import { BUNDLE, ENTRIES } from '#ops/dashboard/build.ts'

/**
 * Serves the dashboard while it is edited: its page and files from esbuild's memory, everything else from the
 * server at `upstream`. Pages reload after each build.
 */

export interface LiveOptions {
  /** The folder of the sources, with `index.html`. */
  source: string
  /** The origin of a running server. */
  upstream: string
  port: number
  log(text: string): void
}

export interface Live {
  url: string
  close(): Promise<void>
}

const TYPES: Record<string, string> = { js: 'text/javascript', css: 'text/css', map: 'application/json' }

/** Builds and serves until {@link Live.close}. Resolves after the first build, which may have failed. */
export async function serveLive({ source, upstream, port, log }: LiveOptions): Promise<Live> {
  const { context, formatMessages } = await import('esbuild')
  const files = new Map<string, Uint8Array>()
  const pages = new Set<ServerResponse>()
  const first = Promise.withResolvers<void>()
  let last: { number: number; errors: string | null } = { number: 0, errors: null }

  const bundler = await context({
    ...BUNDLE,
    entryPoints: [
      ...ENTRIES.map((out) => ({ in: join(source, out), out })),
      { in: join(import.meta.dirname, 'client.ts'), out: 'live-client' }
    ],
    entryNames: '[name]',
    outdir: join(source, 'dist'),
    sourcemap: true,
    write: false,
    plugins: [
      {
        name: 'live',
        setup(build) {
          build.onEnd(async ({ outputFiles = [], errors }) => {
            for (const { path, contents } of outputFiles) files.set(basename(path), contents)
            const lines = await formatMessages(errors, { kind: 'error' })
            last = { number: last.number + 1, errors: errors.length > 0 ? lines.join('\n') : null }
            log(last.errors ?? `build ${last.number} is served`)
            for (const page of pages) tell(page)
            first.resolve()
          })
        }
      }
    ]
  })
  await bundler.watch()
  await first.promise

  const tell = (page: ServerResponse) => page.write(`data: ${JSON.stringify(last)}\n\n`)

  function onRequest(incoming: IncomingMessage, answer: ServerResponse): void {
    // `//` is a path here, and no URL.
    const [pathname = '/'] = (incoming.url ?? '/').split('?', 1)
    const [, file] = /^\/dashboard\/assets\/([\w.-]+)$/.exec(pathname) ?? []
    if (pathname === '/dashboard/live') onListen(answer)
    else if (file !== undefined && files.has(file)) onFile(file, answer)
    else if (/^\/dashboard(\/[^.]*)?$/.test(pathname))
      onPage(answer).catch((error) => onFailure(answer, error))
    else forward(incoming, answer)
  }

  function onListen(answer: ServerResponse): void {
    answer.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    pages.add(answer)
    answer.once('close', () => pages.delete(answer))
    tell(answer)
  }

  function onFile(file: string, answer: ServerResponse): void {
    const type = TYPES[file.split('.').at(-1) ?? ''] ?? 'application/octet-stream'
    answer.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' })
    answer.end(files.get(file))
  }

  /** Sends `index.html` with the policy and the settings that the server gives its own page. */
  async function onPage(answer: ServerResponse): Promise<void> {
    const page = await fetch(`${upstream}/dashboard`, { headers: { accept: 'text/html' } })
    const built = await page.text()
    const settings = /<html [^>]*data-auth[^>]*>/.exec(built)?.[0]
    if (settings === undefined) throw new Error(`${upstream}/dashboard answers ${page.status}`)
    const html = await readFile(join(source, 'index.html'), 'utf8')
    const [, base = ''] = /data-base="([^"]*)"/.exec(settings) ?? []
    const client = `<script type="module" src="${base}/dashboard/assets/live-client.js"></script>`
    answer.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': page.headers.get('content-security-policy') ?? ''
    })
    answer.end(
      html
        .replace(/<html [^>]*>/, () => settings)
        .replaceAll('%BASE%', base)
        // Only the build draws icons.
        .replace(
          /assets\/([\w-]+)\.png/g,
          (path, icon) => new RegExp(`assets/${icon}-\\w+\\.png`).exec(built)?.[0] ?? path
        )
        .replace('</head>', () => `${client}\n</head>`)
    )
  }

  function forward(incoming: IncomingMessage, answer: ServerResponse): void {
    const { method, headers, url: path } = incoming
    const outgoing = request(upstream, { method, headers, path }, (from) => {
      answer.writeHead(from.statusCode ?? 502, from.headers)
      from.pipe(answer)
    })
    outgoing.once('error', (error) => onFailure(answer, error))
    answer.once('close', () => outgoing.destroy())
    incoming.pipe(outgoing)
  }

  const server = createServer(onRequest)
  await new Promise<void>((done, fail) => {
    server.once('error', fail)
    server.listen(port, '127.0.0.1', done)
  })
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close()
      server.closeAllConnections()
      await bundler.dispose()
    }
  }
}

function onFailure(answer: ServerResponse, error: Error): void {
  if (!answer.headersSent) answer.writeHead(502, { 'content-type': 'text/plain; charset=utf-8' })
  answer.end(`${error.message}\nStart the server, or restart npm run dashboard.`)
}
