import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { listFiles, ROOT, readImports, readText } from './sources.ts'
import { check, findRoom, PLATFORM_ROOMS, ROOMS } from './structure.ts'

/**
 * The house keeps its rules (docs/adr, CONTRIBUTING.md). Each test also counts its subjects, because a gate
 * that sees none would pass.
 */

const files = [
  'drizzle.config.ts',
  ...listFiles(['apps', 'plugins', 'schema', 'loadtest', 'ops'], /\.(ts|mts|tsx)$/)
]
const capabilities = readdirSync(join(ROOT, 'plugins')).filter((name) => name !== 'platform')

t.test('every file is in a room and imports what its room may', async (t) => {
  t.ok(files.length >= 110, `${files.length} files`)
  const count = files.reduce((sum, file) => sum + readImports(readText(file)).length, 0)
  t.ok(count >= 500, `${count} imports`)
  t.same(
    files.flatMap((file) => check(file, readImports(readText(file)))),
    []
  )
})

t.test('no room is empty', async (t) => {
  const rooms = new Set(files.map((file) => findRoom(file)?.name))
  // Planned parts may be missing, which hides no offence.
  for (const name of Object.keys(ROOMS)) t.ok(rooms.has(name), name)
})

t.test(
  'each folder of plugins/platform has its place in the order, and no file lies beside them',
  async (t) => {
    t.same(readdirSync(join(ROOT, 'plugins/platform')).sort(), [...PLATFORM_ROOMS].sort())
    t.match(readText('README.md'), PLATFORM_ROOMS.map((name) => `\`${name}\``).join(', '))
  }
)

t.test('the check finds every kind of forbidden import', async (t) => {
  const isRefused = (file: string, specifier: string, isType = false) =>
    t.equal(check(file, [{ specifier, isType }]).length, 1, `${file} from ${specifier}`)
  isRefused('plugins/urls/service.ts', '#plugins/users/service.ts')
  isRefused('plugins/urls/service.ts', 'fastify', true)
  isRefused('plugins/urls/service.ts', 'drizzle-orm')
  isRefused('plugins/urls/service.ts', '#schema/tables/urls.ts')
  isRefused('plugins/urls/routes.ts', 'drizzle-orm')
  isRefused('plugins/urls/routes.ts', 'pg')
  isRefused('plugins/urls/store.ts', 'fastify', true)
  isRefused('plugins/urls/routes.test.ts', '#plugins/users/store.ts')
  isRefused('plugins/platform/cache/index.ts', '#plugins/urls/index.ts')
  isRefused('plugins/platform/cache/index.ts', '#apps/config.ts')
  isRefused('plugins/platform/cache/index.ts', '../redis/index.ts')
  isRefused('schema/shapes/url.ts', '#schema/tables/urls.ts')
  isRefused('schema/tables/urls.ts', '#platform/database/index.ts')
  isRefused('apps/server/main.ts', '#plugins/urls/index.ts')
  isRefused('apps/acceptance/urls.test.ts', '#plugins/urls/service.ts')
  isRefused('apps/client/send.ts', 'node:http')
  isRefused('apps/client/client.ts', '#schema/shapes/url.ts')
  isRefused('apps/dashboard/main.tsx', '#platform/http/paging.ts')
  isRefused('apps/dashboard/main.tsx', 'node:fs')
  isRefused('loadtest/bench.ts', '#platform/redis/index.ts')
  isRefused('somewhere/else.ts', 'node:fs')
  t.same(check('plugins/urls/service.ts', [{ specifier: '#schema/tables/urls.ts', isType: true }]), [])
})

t.test('imports are read in every form', async (t) => {
  const source = [
    `import 'a'`,
    `import b from 'b'`,
    `import type { C } from 'c'`,
    `import {\n  d,\n  e\n} from 'd'`,
    `export { f } from 'f'`,
    `export type { G } from 'g'`,
    `const h = await import('h')`,
    `new Worker(new URL('./i.ts', import.meta.url))`,
    `const text = "import j from 'j'"`
  ].join('\n')
  t.same(
    readImports(source).map(({ specifier, isType }) => specifier + (isType ? ' type' : '')),
    ['a', 'b', 'c type', 'd', 'f', 'g type', 'h', './i.ts']
  )
})

t.test('only processes and tests read the environment', async (t) => {
  const readers = files.filter((file) => /process\.env\b|from 'node:process'/.test(readText(file)))
  t.ok(readers.length >= 3, `${readers.length} readers`)
  const allowed = /^apps\/(run|[^/]+\/main)\.ts$|^apps\/(testing|acceptance)\/|^loadtest\/|^ops\/|\.test\.ts$/
  t.same(
    readers.filter((file) => !allowed.test(file)),
    []
  )
})

t.test('a capability publishes at most one decorator, of its own name', async (t) => {
  t.ok(capabilities.length >= 5, capabilities.join())
  for (const name of capabilities) {
    const texts = files
      .filter((file) => file.startsWith(`plugins/${name}/`) && !file.endsWith('.test.ts'))
      .map(readText)
    const decorated = texts.flatMap((text) => [...text.matchAll(/\.decorate(?:Request|Reply)?\(\s*'(\w+)'/g)])
    t.ok(
      decorated.every(([, decorator]) => decorator === name) && decorated.length <= 1,
      `${name}: ${decorated.map(([, decorator]) => decorator).join() || 'none'}`
    )
  }
})

t.test('a capability holds SQL in its stores only', async (t) => {
  const others = files.filter(
    (file) => /^plugins\/(?!platform\/)/.test(file) && !/[/-]store[^/]*\.ts$|\.test\.ts$/.test(file)
  )
  t.ok(others.length >= 20, `${others.length} files`)
  const statement = /['"`]\s*(SELECT\s|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|COPY\s+\w+)/
  t.same(
    others.filter((file) => statement.test(readText(file))),
    []
  )
})

t.test('files keep to one subject', async (t) => {
  const long = files
    .map((file) => ({ file, lines: readText(file).split('\n').length - 1 }))
    .filter(({ file, lines }) => lines > (/\.test\.ts$|^apps\/acceptance\//.test(file) ? 400 : 250))
  t.same(long, [])
})
