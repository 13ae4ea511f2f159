import { createHash } from 'node:crypto'
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import type { BuildOptions, Plugin } from 'esbuild'
import { drawIcon, readMark } from './icons.ts'

/**
 * Builds the dashboard with esbuild: content-hashed files, each beside its brotli and gzip form, and
 * `build.json`, which plugins/dashboard reads.
 */

const ROOT = join(import.meta.dirname, '..', '..')
export const SOURCE = join(ROOT, 'apps', 'dashboard')

/** The result's folder. */
export const OUTPUT = join(SOURCE, 'dist')

/**
 * Makes each lazy part import the application, which is loaded before it. esbuild writes a file for each set
 * of parts that share code; with one set, the first page is two files instead of 30.
 */
const shareApplication: Plugin = {
  name: 'share-application',
  setup(build) {
    const parts = new Set<string>()
    build.onResolve({ filter: /^#dashboard|^\.\// }, async ({ kind, path, resolveDir, pluginData }) => {
      if (kind !== 'dynamic-import' || pluginData === parts) return null
      const found = await build.resolve(path, { kind, resolveDir, pluginData: parts })
      parts.add(found.path)
      return found
    })
    build.onLoad({ filter: /\.tsx?$/ }, async ({ path }) => {
      if (!parts.has(path)) return null
      const contents = `${await readFile(path, 'utf8')}\nimport '#dashboard/shell/app.tsx'\n`
      return { contents, loader: path.endsWith('x') ? 'tsx' : 'ts' }
    })
  }
}

/** The options of esbuild that `npm run dashboard` shares. */
export const BUNDLE = {
  absWorkingDir: ROOT,
  bundle: true,
  splitting: true,
  format: 'esm',
  legalComments: 'none',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  target: ['chrome123', 'firefox120', 'safari17.5'],
  chunkNames: '[name]-[hash]',
  assetNames: '[name]-[hash]',
  logLevel: 'silent',
  plugins: [shareApplication]
} satisfies BuildOptions

export interface Build {
  /** The hash of all that it was built from. */
  sources: string
  /** `index.html` with the names of the files, and with marks that the server replaces. */
  page: string
  /** The files of this build, and those of the build before, which open tabs may still request. */
  files: string[]
  earlier: string[]
}

/** Entries of the bundle: the application, and the script that selects theme and language before it. */
export const ENTRIES = ['main', 'early']

/**
 * Builds unless the sources are those of the last build. Returns false if there was nothing to do. Replaces
 * the folder at the end, so that a failed build leaves the last one.
 */
export async function buildDashboard(): Promise<boolean> {
  const [sources, last] = await Promise.all([hashSources(), readBuild()])
  if (last?.sources === sources) return false
  const folder = `${OUTPUT}.${process.pid}`
  await mkdir(folder, { recursive: true })
  try {
    const [{ files: bundled, imports }, icons] = await Promise.all([bundle(folder), drawIcons(folder)])
    const files = [...bundled, ...icons].sort()
    const page = await renderPage(files, imports)
    await keepFiles(last?.files ?? [], folder)
    const build: Build = { sources, page, files, earlier: last?.files ?? [] }
    await writeFile(join(folder, 'build.json'), JSON.stringify(build))
    await rm(OUTPUT, { recursive: true, force: true })
    await rename(folder, OUTPUT)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return true
}

export async function readBuild(): Promise<Build | null> {
  try {
    return JSON.parse(await readFile(join(OUTPUT, 'build.json'), 'utf8'))
  } catch {
    return null
  }
}

/** Hashes the application, what it imports from the repository, this script and the lockfile. */
async function hashSources(): Promise<string> {
  const folders = [SOURCE, join(ROOT, 'apps', 'client'), join(ROOT, 'schema'), import.meta.dirname]
  const lists = await Promise.all(folders.map(listSources))
  const paths = [...lists.flat(), join(ROOT, 'package.json'), join(ROOT, 'package-lock.json')].sort()
  const texts = await Promise.all(paths.map((path) => readFile(path)))
  const hash = createHash('sha256')
  for (const [index, path] of paths.entries())
    hash.update(`${relative(ROOT, path)}\0${texts[index]?.length}\0`).update(texts[index] ?? '')
  return hash.digest('hex')
}

async function listSources(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !/[\\/]dist(\.\d+)?[\\/]|\.test\.ts$/.test(path))
}

/** Bundles into `folder`. Returns the names of all files, and of those that the first page imports. */
async function bundle(folder: string): Promise<{ files: string[]; imports: string[] }> {
  // Loaded here: a server that has a current build starts without it.
  const { build } = await import('esbuild')
  const { metafile } = await build({
    ...BUNDLE,
    entryPoints: ENTRIES.map((name) => join(SOURCE, name)),
    outdir: folder,
    minify: true,
    metafile: true,
    entryNames: '[name]-[hash]'
  })
  const nameOf = (path: string) => relative(folder, join(ROOT, path))
  const names = Object.keys(metafile.outputs).map(nameOf)
  await Promise.all(names.map((name) => compress(join(folder, name))))
  const imports = new Set(Object.keys(metafile.outputs).filter((path) => /^main-.*\.js$/.test(nameOf(path))))
  // The loop also visits the elements that it appends.
  for (const path of imports)
    for (const one of metafile.outputs[path]?.imports ?? [])
      if (one.kind === 'import-statement' && !one.external) imports.add(one.path)
  return { files: names, imports: [...imports].map(nameOf) }
}

/** Draws the icons of the manifest into `folder`, and returns the names of the files. */
async function drawIcons(folder: string): Promise<string[]> {
  const svg = await readFile(join(SOURCE, 'mark.svg'), 'utf8')
  const mark = readMark(svg)
  const icons = [
    { name: 'icon', extension: 'svg', data: Buffer.from(svg) },
    { name: 'icon-192', extension: 'png', data: drawIcon(mark, 192, false) },
    { name: 'icon-512', extension: 'png', data: drawIcon(mark, 512, false) },
    { name: 'mask-512', extension: 'png', data: drawIcon(mark, 512, true) }
  ].map(({ name, extension, data }) => {
    const hash = createHash('sha256').update(data).digest('hex').slice(0, 8).toUpperCase()
    return { file: `${name}-${hash}.${extension}`, data }
  })
  await Promise.all(icons.map(({ file, data }) => writeFile(join(folder, file), data)))
  await Promise.all(icons.map(({ file }) => compress(join(folder, file))))
  return icons.map(({ file }) => file)
}

async function compress(path: string): Promise<void> {
  const text = await readFile(path)
  const params = { [constants.BROTLI_PARAM_SIZE_HINT]: text.length }
  const [br, gz] = await Promise.all([
    promisify(brotliCompress)(text, { params }),
    promisify(gzip)(text, { level: 9 })
  ])
  await Promise.all([writeFile(`${path}.br`, br), writeFile(`${path}.gz`, gz)])
}

/**
 * Puts the names of the files into `index.html`: `main.js` becomes `main-5ZXKU6HF.js`. Browsers load its
 * `imports` together with it, instead of level by level.
 */
async function renderPage(files: readonly string[], imports: readonly string[]): Promise<string> {
  const html = await readFile(join(SOURCE, 'index.html'), 'utf8')
  const named = html.replace(/(assets\/)([\w-]+)\.(js|css|png)/g, (_, path, name, extension) => {
    const file = files.find((one) => one.startsWith(`${name}-`) && one.endsWith(`.${extension}`))
    if (file === undefined) throw new Error(`index.html names ${name}.${extension}, which the build lacks`)
    return path + file
  })
  const preloads = imports.map(
    (file) => `<link rel="modulepreload" href="%BASE%/dashboard/assets/${file}">\n`
  )
  return named.replace(/(?=<script type="module")/, preloads.join(''))
}

async function keepFiles(files: readonly string[], folder: string): Promise<void> {
  for (const name of files.flatMap((file) => [file, `${file}.br`, `${file}.gz`]))
    await cp(join(OUTPUT, name), join(folder, name), { force: false }).catch(() => undefined)
}
