import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { startApp } from '#testing/app.ts'
import { makeFolder } from '#testing/folder.ts'

/**
 * A client in its own folder, with types generated from the description: the way its developer would begin.
 */

const PACKAGES = ['openapi-typescript@7.13.0', 'openapi-fetch@0.17.0', 'typescript@5.9.3']

const CLIENT = `
import createClient from 'openapi-fetch'
import type { components, paths } from './api.ts'

const client = createClient<paths>({ baseUrl: process.argv[2] })

const created = await client.POST('/urls', { body: { original_url: 'https://example.com', short_code: 'typed' } })
const url: components['schemas']['Url'] = created.data!
const id: number = url.id

const taken = await client.POST('/urls', { body: { original_url: 'https://example.com', short_code: 'typed' } })
const code: string = taken.error!.code

const list = await client.GET('/urls', { params: { query: { user_id: 1, page: 1 } } })
const titles: (string | null)[] = list.data!.map(({ title }) => title)

// @ts-expect-error: original_url is required
const draft: components['schemas']['UrlDraft'] = { title: 'without a target' }
// @ts-expect-error: there is no such parameter
const filter: paths['/urls']['get']['parameters']['query'] = { owner: 1 }

console.log(JSON.stringify({ id, code, titles, draft, filter }))
`

t.test('openapi-typescript makes types of the description that a client compiles with', async (t) => {
  const folder = await makeFolder(t)
  const run = (command: string, ...args: string[]) => promisify(execFile)(command, args, { cwd: folder })
  for (const AUTH of ['keys', 'open']) {
    const { request, url } = await startApp(t, { env: { AUTH } })
    await writeFile(join(folder, 'openapi.json'), (await request('GET', '/openapi.json')).text)
    if (AUTH === 'keys') {
      await writeFile(join(folder, 'package.json'), '{"type":"module"}')
      await writeFile(join(folder, 'client.ts'), CLIENT)
      await run('npm', 'install', '--no-audit', '--no-fund', '@types/node@24', ...PACKAGES)
    }
    await run('npx', 'openapi-typescript', 'openapi.json', '--output', 'api.ts')
    const options = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2022']
    await run('npx', 'tsc', ...options, '--allowImportingTsExtensions', 'client.ts')
    if (AUTH === 'keys') continue
    const { stdout } = await run(process.execPath, 'client.ts', url)
    t.match(JSON.parse(stdout), { id: 1, code: 'URL_CODE_TAKEN', titles: [] })
  }
})
