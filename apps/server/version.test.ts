import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import manifest from '#package.json' with { type: 'json' }
import { makeFolder } from '#testing/folder.ts'
import { ROOT } from '#testing/sources.ts'

const run = promisify(execFile)

/**
 * Prints, at the end of the process, if it loaded Node's parser of TypeScript (deps/amaro in Node's sources).
 */
const TELL =
  "process.on('exit', () => console.log(process.moduleLoadList.some((name) => /amaro/.test(name))))"

for (const name of ['server', 'worker'])
  t.test(`${name} --version`, async (t) => {
    const cache = await makeFolder(t)
    const start = async () => {
      const imports = ['./apps/preload.mjs', `data:text/javascript,${encodeURIComponent(TELL)}`]
      const args = [...imports.map((one) => `--import=${one}`), `apps/${name}/main.ts`, '--version']
      // An environment with nothing else: no settings.
      const { stdout } = await run(process.execPath, args, { cwd: ROOT, env: { NODE_COMPILE_CACHE: cache } })
      return stdout.trim().split('\n')
    }
    t.same(await start(), [manifest.version, 'true'], 'the first start strips types')
    t.same(await start(), [manifest.version, 'false'], 'the next one finds them stripped')
  })

/** Prints, at the end of the process, the packages and the parts of Node that it loaded. */
const LIST = `
  import { registerHooks } from 'node:module'
  const seen = new Set()
  registerHooks({ load: (url, context, next) => (seen.add(url), next(url, context)) })
  process.on('exit', () => console.log([...seen, ...process.moduleLoadList].join('\\n')))`

t.test('a start loads no large module that it may never use', async (t) => {
  const args = [
    `--import=data:text/javascript,${encodeURIComponent(LIST)}`,
    'apps/server/main.ts',
    '--version'
  ]
  const { stdout } = await run(process.execPath, args, { cwd: ROOT, env: {}, maxBuffer: 2 ** 24 })
  t.match(stdout, /node_modules\/fastify\//)
  const large =
    /node_modules\/(typebox|ioredis|yaml|@fastify\/(swagger|otel|static)|@opentelemetry\/sdk[^/]*)\/|undici\/undici/
  t.same(
    stdout.split('\n').filter((name) => large.test(name)),
    []
  )
})

for (const [name, command] of [
  ['server', 'npm start'],
  ['worker', 'npm run worker']
] as const)
  t.test(`${command} tells how it is used, and starts nothing for what it does not know`, async (t) => {
    const start = (option: string) =>
      run(process.execPath, ['--import=./apps/preload.mjs', `apps/${name}/main.ts`, option], {
        cwd: ROOT,
        env: { PORT: 'never read' }
      })
    const { stdout } = await start('--help')
    t.match(stdout, `Usage: ${command} --`)
    t.match(stdout, /environment variables.*docs\/settings\.md/)
    const failure = await start('--hlep').catch((error) => error)
    t.equal(failure.code, 2)
    t.match(failure.stderr, /--hlep; did you mean --help\?/)
  })
