import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildApp } from '#apps/app.ts'
import { readConfig } from '#apps/config.ts'
import { ROOT } from './sources.ts'

/**
 * Writes the OpenAPI descriptions of servers with `AUTH=open` and `AUTH=keys` for the linter of `npm run
 * check`.
 */
const target = join(ROOT, 'node_modules/.cache/openapi')
const folder = await mkdtemp(join(tmpdir(), 'fairlead-openapi-'))
try {
  await mkdir(target, { recursive: true })
  for (const AUTH of ['open', 'keys']) {
    const app = await buildApp(readConfig({ AUTH, DATA_DIR: folder }))
    const { body } = await app.inject('/openapi.json')
    await app.close()
    await writeFile(join(target, `${AUTH}.json`), body)
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}
