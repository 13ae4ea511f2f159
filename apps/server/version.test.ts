import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import manifest from '#package.json' with { type: 'json' }
import { ROOT } from '#testing/sources.ts'

const run = promisify(execFile)

/** Says, as the process ends, whether it loaded Node's parser of TypeScript (deps/amaro in Node's sources). */
const TELL =
  "process.on('exit', () => console.log(process.moduleLoadList.some((name) => /amaro/.test(name))))"

for (const name of ['server', 'worker'])
  t.test(`${name} --version`, async (t) => {
    const cache = await mkdtemp(join(tmpdir(), 'fairlead-compiled-'))
    t.teardown(() => rm(cache, { recursive: true }))
    const start = async () => {
      const imports = ['./apps/preload.mjs', `data:text/javascript,${encodeURIComponent(TELL)}`]
      const args = [...imports.map((one) => `--import=${one}`), `apps/${name}/main.ts`, '--version']
      // Nothing else of the environment: no settings, and no module hooks of tap.
      const { stdout } = await run(process.execPath, args, { cwd: ROOT, env: { NODE_COMPILE_CACHE: cache } })
      return stdout.trim().split('\n')
    }
    t.same(await start(), [manifest.version, 'true'], 'the first start strips types')
    t.same(await start(), [manifest.version, 'false'], 'the next one finds them stripped')
  })
