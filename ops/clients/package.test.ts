import { execFile } from 'node:child_process'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { startApp } from '#testing/app.ts'
import { makeFolder } from '#testing/folder.ts'
import { ROOT, readText } from '#testing/sources.ts'
import { writeTypes } from './schema-types.ts'

/** The package `@fairlead/client` in a folder of its own, the way its user would begin. */

const ADMIN_KEY = `fl_0123456789abcdef_${'a'.repeat(43)}`
const OPTIONS = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2022']

const PROGRAM = `
import { ApiError, type Client, createClient, type Page, type Url } from '@fairlead/client'

const client: Client = createClient({ baseUrl: process.argv[2] ?? '', key: process.argv[3] })

const created: Url = await client.links.create({ original_url: 'https://example.com', short_code: 'typed' })
const error: unknown = await client.links.create({ original_url: 'https://example.com', short_code: 'typed' }).catch((error) => error)
const code: string | null = error instanceof ApiError ? error.code : null
const page: Page<Url> = await client.links.list({ q: 'example', per_page: 1 })
const titles: (string | null)[] = page.rows.map(({ title }) => title)
const removed: null = await client.links.remove(created.id, { reason: 'test' })
const role: 'admin' | 'member' | 'read-only' = (await client.session.get()).role

async function mistakes() {
  // @ts-expect-error: original_url is required
  await client.links.create({ title: 'without a target' })
  // @ts-expect-error: there is no such filter
  await client.links.list({ owner: 1 })
  // @ts-expect-error: ids of links are numbers
  await client.links.get('1')
  // @ts-expect-error: there is no such unit
  await client.links.stats(1, { unit: 'year' })
}

console.log(JSON.stringify({ id: created.id, code, total: page.total, titles, removed, role, mistakes: typeof mistakes }))
`

const runNode = (cwd: string, ...args: string[]) => promisify(execFile)(process.execPath, args, { cwd })

t.test('a program of another folder compiles with the package and calls a server', async (t) => {
  const { url } = await startApp(t, { env: { AUTH: 'keys', ADMIN_KEY } })
  const folder = await makeFolder(t)
  const run = (command: string, ...args: string[]) => promisify(execFile)(command, args, { cwd: folder })
  const packed = await runNode(ROOT, 'ops/clients/main.ts', '--to', folder)
  const tarball = packed.stdout.trim()
  t.match(tarball, /\/fairlead-client-\d+\.\d+\.\d+\.tgz$/)
  await writeFile(join(folder, 'package.json'), '{"type":"module"}')
  await writeFile(join(folder, 'program.ts'), PROGRAM)
  await run('npm', 'install', '--no-audit', '--no-fund', tarball, '@types/node@24', 'typescript@5.9.3')
  await run('npx', 'tsc', ...OPTIONS, 'program.ts')
  // In a browser there are no types of Node.
  const page = PROGRAM.replaceAll(/process\.argv\[\d\]/g, 'location.origin')
  await writeFile(join(folder, 'page.ts'), page)
  const browser = { strict: true, noEmit: true, module: 'nodenext', lib: ['es2022', 'dom'], types: [] }
  await writeFile(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: browser, files: ['page.ts'] })
  )
  await run('npx', 'tsc', '-p', '.')
  const { stdout } = await run(process.execPath, 'program.ts', url, ADMIN_KEY)
  t.same(JSON.parse(stdout), {
    id: 1,
    code: 'URL_CODE_TAKEN',
    total: 1,
    titles: [null],
    removed: null,
    role: 'admin',
    mistakes: 'function'
  })
  const installed = join(folder, 'node_modules', '@fairlead', 'client')
  const texts = await Promise.all(
    (await readdir(installed)).map((name) => readFile(join(installed, name), 'utf8'))
  )
  t.notOk(
    texts.some((text) => /from ['"](#|\.\/[\w-]+\.ts)/.test(text)),
    'no import of the repository is left'
  )
  t.same(
    JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')).version,
    JSON.parse(readText('package.json')).version
  )
})

t.test('the written types are those of the shapes', async (t) => {
  const folder = await makeFolder(t)
  const names = {
    url: ['Url', 'UrlDraft', 'UrlChange'],
    stats: ['OverallStats', 'StatsQuery'],
    'user-export': ['UserExport'],
    key: ['IssuedKey', 'KeyDraft']
  }
  const schemas = new Map<string, object>()
  const checks: string[] = []
  for (const [file, types] of Object.entries(names)) {
    const path = join(ROOT, 'schema', 'shapes', `${file}.ts`)
    const module = await import(path)
    for (const name of types) {
      schemas.set(name, module[name])
      checks.push(
        `export const is${name}: Same<import('./written.d.ts').${name}, import('${path}').${name}> = true`
      )
    }
  }
  await writeFile(join(folder, 'written.d.ts'), writeTypes(schemas))
  const same =
    'type Same<A, B> = [A, keyof A] extends [B, keyof B] ? ([B, keyof B] extends [A, keyof A] ? true : false) : false'
  const check = async (...lines: string[]) => {
    await writeFile(join(folder, 'check.ts'), [same, ...lines].join('\n'))
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
    const args = [
      tsc,
      ...OPTIONS,
      '--exactOptionalPropertyTypes',
      '--allowImportingTsExtensions',
      '--lib',
      'es2024,dom'
    ]
    return runNode(folder, ...args, 'check.ts').then(
      () => '',
      ({ stdout }) => stdout
    )
  }
  t.equal(await check(...checks), '')
  const wrong = await check(
    `export const isWrong: Same<import('./written.d.ts').Url, import('./written.d.ts').UrlDraft> = true`
  )
  t.match(wrong, /'true' is not assignable to type 'false'/)
})

t.test('a schema without a type is refused', async (t) => {
  for (const schema of [{}, { type: 'tuple' }, { type: 'array' }])
    t.throws(() => writeTypes(new Map([['X', { properties: { x: schema } }]])), /There is no type for/)
})
