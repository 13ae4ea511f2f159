import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { fillPage, readBuild } from './build.ts'
import { problems } from './errors.ts'
import { createManifest } from './manifest.ts'

export interface DashboardOptions {
  /** The folder of the build. */
  folder: string
  /** The settings that the page needs before its first request. */
  version: string
  auth: string
  signsInAtProvider: boolean
  /** Maximum bytes of a file to import. */
  uploadLimitBytes: number
}

/**
 * `/dashboard`: the browser application. Files have a hash in their name and never change. All other paths
 * answer the same page, which shows the view of its address. Without a build they answer DASHBOARD_UNBUILT.
 */
export async function dashboardRoutes(app: FastifyInstance, options: DashboardOptions) {
  const build = readBuild(options.folder)
  if (build === null) app.log.warn('the dashboard has no build; npm start makes one')
  const page =
    build &&
    fillPage(build.page, {
      BASE: app.publicPath,
      VERSION: options.version,
      AUTH: options.auth,
      OIDC: String(options.signsInAtProvider),
      LIMIT: String(options.uploadLimitBytes)
    })
  const { default: fastifyStatic } = await import('@fastify/static')
  await app.register(fastifyStatic, {
    root: options.folder,
    serve: false,
    preCompressed: true,
    immutable: true,
    maxAge: '365d'
  })

  async function onFile(request: FastifyRequest<{ Params: { file: string } }>, reply: FastifyReply) {
    const { file } = request.params
    return build?.files.has(file) ? reply.sendFile(file) : reply.callNotFound()
  }

  async function onPage(_request: FastifyRequest, reply: FastifyReply) {
    if (page === null) throw problems.DASHBOARD_UNBUILT('Start the server with npm start')
    return reply.type('text/html; charset=utf-8').header('cache-control', 'no-cache').send(page)
  }

  async function onManifest(_request: FastifyRequest, reply: FastifyReply) {
    if (build === null) return reply.callNotFound()
    reply.type('application/manifest+json').header('cache-control', 'no-cache')
    return reply.send(JSON.stringify(createManifest(app.publicPath, build.files)))
  }

  const config = { access: 'public', isPage: true } as const
  const schema = { hide: true }
  app.get<{ Params: { file: string } }>('/dashboard/assets/:file', { config, schema }, onFile)
  app.get('/dashboard/manifest.webmanifest', { config: { access: 'public' }, schema }, onManifest)
  for (const path of ['/dashboard', '/dashboard/*']) app.get(path, { config, schema }, onPage)
}
