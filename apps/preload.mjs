import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
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
 * Loads the CommonJS build of drizzle-orm, which is the same code. Node reads the nearest package.json of
 * each ES module it loads. drizzle-orm has over a hundred ES modules and a package.json of 200 kB: that costs
 * half a second. For the CommonJS build Node reads it once. Measured with `node --cpu-prof`: the time is in
 * node:internal/modules/package_json_reader.
 *
 * With module hooks of other tools in NODE_OPTIONS (tracing agents), Node does not see the names that a
 * CommonJS module exports. Then the ES modules load, in half a second.
 */
const hasOtherHooks = /--(import|loader|experimental-loader)\b/.test(env['NODE_OPTIONS'] ?? '')

if (!hasOtherHooks) {
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const resolved = nextResolve(specifier, context)
      if (!specifier.startsWith('drizzle-orm')) return resolved
      return { ...resolved, url: resolved.url.replace(/\.js$/, '.cjs'), format: 'commonjs' }
    }
  })
}
