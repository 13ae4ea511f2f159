import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { isReservedCode } from '#plugins/urls/codes.ts'
import { startApp } from '#testing/app.ts'

/** The map of routes, each with the hooks on its way: a hook that slips onto redirects shows in the review. */
const MAP = join(import.meta.dirname, 'app.routes.txt')

const { app } = await startApp(t)

/** The routes as the map shows them: path, methods and hooks. */
function readMap(map: string): { path: string; hooks: string[] }[] {
  const routes: { path: string; hooks: string[] }[] = []
  const parents: string[] = []
  for (const line of map.split('\n')) {
    const [, indent = '', segment = '', methods] = /^([│ ]*)[├└]── (\S+)(?: \(([\w, -]+)\))?/.exec(line) ?? []
    if (segment) {
      const depth = indent.length / 4
      parents.length = depth
      parents.push(segment)
      if (methods) routes.push({ path: parents.join(''), hooks: [] })
    } else {
      const [, hook] = /• (.*)$/.exec(line) ?? []
      if (hook) routes.at(-1)?.hooks.push(hook)
    }
  }
  return routes
}

t.test('the committed map shows the routes and hooks that there are', async (t) => {
  const map = `${app.printRoutes({ includeHooks: true, commonPrefix: false }).trimEnd()}\n`
  // biome-ignore lint/style/noProcessEnv: UPDATE_MAPS=1 makes the run write the map instead
  if (process.env['UPDATE_MAPS']) await writeFile(MAP, map)
  t.equal(await readFile(MAP, 'utf8'), map, 'else run the tests with UPDATE_MAPS=1 and review what changed')
})

t.test('redirects run without hooks, everything else with them', async (t) => {
  const routes = readMap(await readFile(MAP, 'utf8'))
  t.ok(routes.length >= 20, `${routes.length} routes`)
  const isHot = (path: string) => /\/:short_code$|\/redirect$/.test(path)
  t.same(
    routes.filter(({ path }) => isHot(path)).map(({ path, hooks }) => [path, ...hooks]),
    [['/urls/:id|:short_code/redirect'], ['/s/:short_code'], ['/:short_code']]
  )
  t.same(
    routes.filter(({ path, hooks }) => !isHot(path) && hooks.length === 0).map(({ path }) => path),
    []
  )
})

t.test("no code can hide one of the server's own addresses", async (t) => {
  const firsts = readMap(await readFile(MAP, 'utf8')).map(({ path }) => path.split('/')[1] ?? '')
  const words = [...new Set(firsts)].filter((first) => /^[A-Za-z0-9_-]+$/.test(first))
  t.ok(words.length >= 8, words.join(', '))
  t.same(
    words.filter((word) => !isReservedCode(word)),
    []
  )
})
