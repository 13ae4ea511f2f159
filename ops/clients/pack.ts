import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import manifest from '#package.json' with { type: 'json' }
import { type JsonSchema, writeTypes } from './schema-types.ts'

/** Packs apps/client as the npm package `@fairlead/client`: plain JavaScript with its types. */

const ROOT = join(import.meta.dirname, '..', '..')
const SOURCES = join(ROOT, 'apps', 'client')
const run = promisify(execFile)
const SHAPES = /import type \{([^}]+)\} from '#schema\/shapes\/([\w-]+)\.ts'/g
/** Without the types of Node: the client runs in browsers. */
const COMPILER_OPTIONS = '--strict --declaration --target es2022 --module nodenext --lib es2024,dom'

const MANIFEST = {
  name: '@fairlead/client',
  version: manifest.version,
  description: 'A typed client of the API of Fairlead, the self-hosted URL shortener.',
  license: manifest.license,
  type: 'module',
  sideEffects: false,
  // AbortSignal.any
  engines: { node: '>=20.3' },
  exports: { '.': { types: './index.d.ts', default: './index.js' } }
}

const INDEX = `export { ApiError, type ApiErrorFields, type FailureCode, type FieldError } from './api-error.js'
export { type Client, createClient } from './client.js'
export type { Page } from './operations.js'
export type { CallOptions, ClientOptions } from './send.js'
export type * from './shapes.js'
`

/** Writes the package into a tarball in `folder` and returns its path. */
export async function packClient(folder: string): Promise<string> {
  const draft = await mkdtemp(join(tmpdir(), 'fairlead-pack-'))
  try {
    await writeSources(draft)
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
    const options = [...COMPILER_OPTIONS.split(' '), '--rootDir', '.', '--outDir', 'package', 'index.ts']
    await run(process.execPath, [tsc, ...options], { cwd: draft })
    const files = join(draft, 'package')
    // The compiler writes no declarations of declarations.
    for (const name of ['shapes.d.ts', 'package.json']) await cp(join(draft, name), join(files, name))
    await cp(join(ROOT, 'docs', 'client.md'), join(files, 'README.md'))
    await cp(join(ROOT, 'LICENSE'), join(files, 'LICENSE'))
    await mkdir(folder, { recursive: true })
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', resolve(folder)], {
      cwd: files
    })
    const [packed] = JSON.parse(stdout) as { filename: string }[]
    return join(folder, packed?.filename ?? '')
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

/** Writes the sources with the types of the shapes in one file, which needs no package. */
async function writeSources(folder: string): Promise<void> {
  const shapes = new Map<string, JsonSchema>()
  for (const name of await readdir(SOURCES)) {
    if (name.endsWith('.test.ts')) continue
    const text = await readFile(join(SOURCES, name), 'utf8')
    for (const [, names = '', file] of text.matchAll(SHAPES)) {
      const schemas = (await import(`#schema/shapes/${file}.ts`)) as Record<string, JsonSchema>
      for (const shape of names.split(',').map((part) => part.trim()))
        shapes.set(shape, schemaOf(schemas, shape))
    }
    const plain = text.replace(SHAPES, "import type {$1} from './shapes.js'")
    await writeFile(join(folder, name), plain.replace(/from '\.\/([\w-]+)\.ts'/g, "from './$1.js'"))
  }
  await writeFile(join(folder, 'shapes.d.ts'), writeTypes(shapes))
  await writeFile(join(folder, 'index.ts'), INDEX)
  await writeFile(join(folder, 'package.json'), JSON.stringify(MANIFEST, null, 2))
}

/** Each type of a shape has the name of its schema. */
function schemaOf(schemas: Record<string, JsonSchema>, name: string): JsonSchema {
  const schema = schemas[name]
  if (schema === undefined) throw new Error(`There is no schema of the type ${name}`)
  return schema
}
