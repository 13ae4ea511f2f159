import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { isReservedCode } from '#plugins/urls/codes.ts'
import { startApp } from '#testing/app.ts'

/**
 * The map of routes, each with its hooks in the order in which Fastify runs them. A review then shows a hook
 * that is added to redirects by mistake.
 */
const MAP = join(import.meta.dirname, 'app.routes.txt')

/** The order in which Fastify runs the hooks of a request. */
const PHASES = ['onRequest', 'preHandler', 'preSerialization', 'onSend', 'onError', 'onResponse']

const { app } = await startApp(t)

interface Route {
  path: string
  methods: string[]
  /** `onRequest: openRequest → authenticate`, a line for each phase. */
  hooks: string[]
}

/** Reads the routes from the router: Fastify prints the hooks of a route from the lists that it runs. */
function readRoutes(): Route[] {
  const routes: Route[] = []
  const parents: string[] = []
  for (const line of app.printRoutes({ includeHooks: true, commonPrefix: false }).split('\n')) {
    const [, indent = '', segment = ''] = /^([│ ]*)[├└]── (\S+)/.exec(line) ?? []
    if (segment) parents.splice(indent.length / 4, Infinity, segment)
    const [, methods] = / \(([A-Z, ]+)\)$/.exec(line) ?? []
    if (methods) routes.push({ path: parents.join(''), methods: methods.split(', '), hooks: [] })
    const [, phase, list] = /• \((\w+)\) (.*)$/.exec(line) ?? []
    // Fastify adds this hook to each HEAD route that it creates.
    if (list === undefined || list === '["headRouteOnSendHandler()"]') continue
    const names = (JSON.parse(list) as string[]).map((name) => name.replace('()', ''))
    routes.at(-1)?.hooks.push(`${phase}: ${names.join(' → ')}`)
  }
  const place = (hook: string) => PHASES.indexOf(hook.split(':', 1)[0] ?? '')
  return routes.map((route) => ({ ...route, hooks: route.hooks.toSorted((a, b) => place(a) - place(b)) }))
}

/** Groups the routes with the same hooks. */
function formatMap(all: Route[]): string {
  const groups = Map.groupBy(all, ({ hooks }) => hooks.map((hook) => `    ${hook}\n`).join(''))
  return [...groups]
    .map(([hooks, routes]) => {
      const paths = Map.groupBy(routes, ({ path }) => path)
      const names = [...paths].map(([path, same]) => {
        return `${path} (${same.flatMap(({ methods }) => methods).join(', ')})\n`
      })
      return names.sort().join('') + (hooks || '    no hooks\n')
    })
    .join('\n')
}

const routes = readRoutes()

t.test('the committed map shows the routes and the hooks that run', async (t) => {
  const map = formatMap(routes)
  // biome-ignore lint/style/noProcessEnv: UPDATE_MAPS=1 makes the run write the map instead
  if (process.env['UPDATE_MAPS']) await writeFile(MAP, map)
  t.equal(await readFile(MAP, 'utf8'), map, 'else run the tests with UPDATE_MAPS=1 and review what changed')
})

t.test('redirects run without hooks, all other routes with them', async (t) => {
  t.ok(routes.length >= 60, `${routes.length} routes`)
  const bare = routes.filter(({ hooks }) => hooks.length === 0).map(({ path }) => path)
  t.same(bare.sort(), ['/:short_code', '/s/:short_code', '/urls/:short_code|:id/redirect'])
})

t.test('each route that requires a scope or a session authenticates its callers', async (t) => {
  const name = (method: string, path: string) => `${method} ${path.replace(':short_code|:id', ':id')}`
  const open = routes
    .filter(({ hooks }) => !hooks.some((hook) => /^onRequest: .*\bauthenticate\b/.test(hook)))
    .flatMap(({ path, methods }) => methods.map((method) => name(method, path)))
  const guarded = app.access
    .routes()
    .filter(({ requirement }) => requirement !== 'public')
    .map(({ method, url }) => name(String(method), url))
  t.ok(guarded.length >= 40, `${guarded.length} routes`)
  t.same(
    guarded.filter((route) => open.includes(route)),
    []
  )
})

t.test("no code can hide one of the server's own addresses", async (t) => {
  const firsts = routes.map(({ path }) => path.split('/')[1] ?? '')
  const words = [...new Set(firsts)].filter((first) => /^[A-Za-z0-9_-]+$/.test(first))
  t.ok(words.length >= 8, words.join(', '))
  t.same(
    words.filter((word) => !isReservedCode(word)),
    []
  )
})
