import { enableCompileCache, registerHooks } from 'node:module'

/**
 * Makes every process start faster and keeps it small; nothing needs it to work. Used as
 * `node --import ./apps/preload.mjs …`. See docs/adr/2026-11-25-stripped-once.md.
 *
 * Keeps compiled code, with its types stripped, between starts: in NODE_COMPILE_CACHE or the system's folder for temporary
 * files. This file is JavaScript and that is its first line because whatever TypeScript is loaded before brings Node's
 * parser of it, 20 MiB that the process then holds to its end.
 */
enableCompileCache()

/*
 * Node reads the nearest package.json of each ES module it loads. drizzle-orm has over a hundred modules and a
 * package.json of 200 kB, which costs half a second; its CommonJS build, the same code, is read once. Measured
 * with `node --cpu-prof`: the time is in node:internal/modules/package_json_reader.
 *
 * Beside module hooks of others, which come by NODE_OPTIONS (agents that trace, tap), Node does not see the names that
 * a CommonJS module exports: there it takes the half second.
 */
// biome-ignore lint/style/noProcessEnv: NODE_OPTIONS is Node's own, no setting
const hasOtherHooks = /--(import|loader|experimental-loader)\b/.test(process.env['NODE_OPTIONS'] ?? '')

if (!hasOtherHooks) {
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const resolved = nextResolve(specifier, context)
      if (!specifier.startsWith('drizzle-orm')) return resolved
      return { ...resolved, url: resolved.url.replace(/\.js$/, '.cjs'), format: 'commonjs' }
    }
  })
}
