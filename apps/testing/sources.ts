import { readdirSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'

/** Reads the sources as text, for the tests of the house rules. */

export const ROOT = join(import.meta.dirname, '..', '..')

export interface Import {
  specifier: string
  /** True if it imports only types: such an import is gone when the file runs. */
  isType: boolean
}

/**
 * Lists the files of the folders whose path matches, relative to the root with `/`. Omits generated folders.
 */
export function listFiles(folders: string[], pattern: RegExp): string[] {
  return folders
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1))
    )
    .map((path) => path.split(sep).join('/'))
    .filter((path) => pattern.test(path) && !/(^|\/)(node_modules|\.tap|dist)\//.test(path))
    .sort()
}

export function readText(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8')
}

const STATIC = /^(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?'([^']+)'/gm
const DYNAMIC = /\bimport\(\s*'([^']+)'\s*\)/g
const WORKER = /\bnew URL\(\s*'(\.[^']+)'\s*,\s*import\.meta\.url\s*\)/g

/** The imports of a TypeScript source: static, dynamic, or as the file of a worker. */
export function readImports(source: string): Import[] {
  return [
    ...[...source.matchAll(STATIC)].map(([, type, specifier = '']) => ({ specifier, isType: Boolean(type) })),
    ...[...source.matchAll(DYNAMIC), ...source.matchAll(WORKER)].map(([, specifier = '']) => ({
      specifier,
      isType: false
    }))
  ]
}
