import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { OUTPUT, readBuild } from './build.ts'

/** The sizes of the build in bytes, compressed by gzip. */
export interface Sizes {
  /** The scripts and the styles that the first page loads. */
  scripts: number
  styles: number
  /** Each file that a page loads later. */
  lazy: { file: string; size: number }[]
}

/** Measures the last build. Throws if there is none. */
export async function measureBuild(): Promise<Sizes> {
  const build = await readBuild()
  if (build === null) throw new Error('The dashboard has no build: run ops/dashboard/main.ts')
  const first = await listFirst([...build.page.matchAll(/[\w-]+\.js/g)].map(([file]) => file))
  const styles = build.files.filter((file) => build.page.includes(file) && file.endsWith('.css'))
  const sizes = async (files: Iterable<string>) =>
    Promise.all([...files].map(async (file) => ({ file, size: await sizeOf(file) })))
  return {
    scripts: sum(await sizes(first)),
    styles: sum(await sizes(styles)),
    lazy: await sizes(build.files.filter((file) => !first.has(file) && !styles.includes(file)))
  }
}

const sum = (files: { size: number }[]) => files.reduce((total, { size }) => total + size, 0)

async function sizeOf(file: string): Promise<number> {
  return (await stat(join(OUTPUT, `${file}.gz`))).size
}

/** The files, and those that they import before they run. */
async function listFirst(files: Iterable<string>, seen = new Set<string>()): Promise<Set<string>> {
  for (const file of files) {
    if (seen.has(file)) continue
    seen.add(file)
    const text = await readFile(join(OUTPUT, file), 'utf8')
    await listFirst(
      [...text.matchAll(/\b(?:from|import)"\.\/([\w-]+\.js)"/g)].map(([, name = '']) => name),
      seen
    )
  }
  return seen
}
