import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { constants, enableCompileCache, getCompileCacheDir, registerHooks } from 'node:module'
import { join } from 'node:path'

// biome-ignore lint/style/noProcessEnv: NODE_COMPILE_CACHE and NODE_OPTIONS are Node's own, no settings
const env = process.env

/**
 * Makes every process start faster and use less memory; no process depends on it. Used as `node --import
 * ./apps/preload.mjs …`. See docs/adr/2026-11-25-compile-cache.md.
 *
 * Caches compiled code, with its types stripped, between starts: in NODE_COMPILE_CACHE, else beside the
 * packages, else in the system's temporary folder. This file is JavaScript and sets the cache first.
 * Otherwise any TypeScript would load Node's parser of it, which occupies 20 MiB until the process ends. So
 * on a first start, another process loads everything once and exits.
 */
const kept = join(import.meta.dirname, '..', 'node_modules', '.cache', 'compiled')
const { status } = enableCompileCache(env['NODE_COMPILE_CACHE'] ?? kept)
if (status === constants.compileCacheStatus.FAILED) enableCompileCache()
const folder = getCompileCacheDir()
if (folder !== undefined && readdirSync(folder).length === 0 && isLongLived(process.argv)) {
  spawnSync(process.execPath, [...process.execArgv, ...process.argv.slice(1), '--version'], {
    stdio: 'ignore'
  })
}

/** @param {string[]} argv of a server or a worker, without arguments of its own */
function isLongLived([, main = '', ...args]) {
  return /[\\/](server|worker)[\\/]main\.ts$/.test(main) && args.length === 0
}

/*
 * Node reads the nearest package.json for each ES module it loads, and looks for the file on the disk. These
 * hooks save that where the answer is known, over half a second of CPU at a start. Measured with `node
 * --cpu-prof`: the time is in node:internal/modules/package_json_reader.
 *
 * - Our sources name each other by path, or by a room in the `imports` of package.json.
 * - drizzle-orm has over a hundred ES modules and a package.json of 200 kB. Its CommonJS build is the same
 *   code, and Node reads the package.json once.
 *
 * With module hooks of other tools in NODE_OPTIONS (tracing agents), Node does not see the names that a
 * CommonJS module exports. Then everything loads as usual.
 */
const home = new URL('../', import.meta.url)
/** @type {Record<string, string>} */
const rooms = JSON.parse(readFileSync(new URL('package.json', home), 'utf8')).imports

/**
 * @param {string} specifier of one of our sources
 * @param {string | undefined} parent the URL of the module that imports it
 */
function locate(specifier, parent) {
  if (specifier.startsWith('./')) return new URL(specifier, parent).href
  const slash = specifier.indexOf('/') + 1
  const folder = rooms[`${specifier.slice(0, slash)}*`]?.slice(0, -1)
  return folder && new URL(folder + specifier.slice(slash), home).href
}

const hasOtherHooks = /--(import|loader|experimental-loader)\b/.test(env['NODE_OPTIONS'] ?? '')

if (!hasOtherHooks) {
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const url = specifier.endsWith('.ts') && locate(specifier, context.parentURL)
      if (url) return { url, format: 'module-typescript', shortCircuit: true }
      const resolved = nextResolve(specifier, context)
      if (!specifier.startsWith('drizzle-orm')) return resolved
      return { ...resolved, url: resolved.url.replace(/\.js$/, '.cjs'), format: 'commonjs' }
    }
  })
}
