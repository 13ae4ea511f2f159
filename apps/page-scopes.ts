import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { Config, DashboardConfig } from '#apps/config.ts'
import manifest from '#package.json' with { type: 'json' }
import { compressAnswer } from '#platform/http/compression.ts'
import { descriptionRoutes, docsRoutes } from '#platform/http/docs-routes.ts'
import pages from '#platform/http/pages.ts'
import { openRequest, secureAnswer } from '#platform/http/request-log.ts'
import { wellKnown } from '#platform/http/well-known.ts'
import { dashboardRoutes } from '#plugins/dashboard/routes.ts'

/** The scopes of app.ts for browsers: pages with a content security policy, and public files. */

/** Swagger UI, which sets style attributes. */
export async function docsScope(scope: FastifyInstance) {
  await scope.register(pages, { styleAttributes: true })
  addPageHooks(scope)
  await scope.register(docsRoutes)
}

/** The dashboard, with the strictest content security policy. */
export async function dashboardScope(scope: FastifyInstance, options: DashboardConfig) {
  await scope.register(pages)
  addPageHooks(scope)
  const folder = join(import.meta.dirname, 'dashboard', 'dist')
  await scope.register(dashboardRoutes, { ...options, folder, version: manifest.version })
}

function addPageHooks(scope: FastifyInstance): void {
  scope.addHook('onRequest', openRequest)
  scope.addHook('onRequest', scope.origins.allowReading)
  scope.addHook('onSend', compressAnswer)
  scope.addHook('onResponse', scope.logAnswer)
}

/** Public files that browsers do not show as pages. */
export async function fileScope(scope: FastifyInstance, config: Config) {
  addPublicHooks(scope)
  scope.addHook('onSend', compressAnswer)
  await scope.register(descriptionRoutes, config.pages)
  await scope.register(wellKnown, config.wellKnown)
}

/** The hooks of public routes that are not pages. */
export function addPublicHooks(scope: FastifyInstance): void {
  scope.addHook('onRequest', secureAnswer)
  scope.addHook('onRequest', openRequest)
  scope.addHook('onRequest', scope.origins.allowReading)
  scope.addHook('onResponse', scope.logAnswer)
}
