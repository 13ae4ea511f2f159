import type {
  FastifyInstance,
  FastifyRequest,
  HTTPMethods,
  onRequestHookHandler,
  RouteOptions
} from 'fastify'
import fp from 'fastify-plugin'
import type { Scope } from '#schema/shapes/key.ts'
import { type Caller, OPEN, PUBLIC } from './caller.ts'
import { credentialsMissing, notAllowed } from './errors.ts'

/** What a route requires of its callers: a scope, authentication, or nothing. */
export type Requirement = Scope | 'signed-in' | 'public'

/**
 * Authenticates the caller of a request. Returns null when the request has no credentials of this kind.
 * Throws a problem when they are invalid. Returns a promise only when it needs I/O.
 */
export type Authenticator = (request: FastifyRequest) => Caller | null | Promise<Caller | null>

/** `app.access`: authentication and authorization. */
export interface Access {
  readonly mode: 'open' | 'keys'
  /** Adds an authenticator. The first one that finds credentials of its kind decides. */
  authenticateBy(authenticator: Authenticator): void
  /** Every route and its requirement; complete once the app is ready. */
  routes(): GuardedRoute[]
  /**
   * Hook `onRequest` of routes with callers: sets `request.caller` and refuses callers that do not meet the
   * requirement of the route.
   */
  readonly authenticate: onRequestHookHandler
}

export interface GuardedRoute {
  method: HTTPMethods
  url: string
  requirement: Requirement
  /** True if a browser shows the response as a page. */
  isPage: boolean
}

export interface AccessOptions {
  /** `open`: every caller is an administrator. `keys`: callers need a key or a session. */
  mode: 'open' | 'keys'
}

declare module 'fastify' {
  interface FastifyInstance {
    access: Access
  }
  interface FastifyRequest {
    /** The authenticated caller, or {@link OPEN} or {@link PUBLIC}. */
    readonly caller: Caller
  }
  interface FastifyContextConfig {
    /** What the route requires of its callers. The app does not start while a route lacks it. */
    access?: Requirement
    /** True if a browser shows the response as a page. */
    isPage?: boolean
  }
}

/** Holds the caller on requests that were authenticated; other requests lack the property. */
const recognised = Symbol('caller')

type Request = FastifyRequest & { [recognised]?: Caller }

/**
 * Authenticates and authorizes requests: publishes `app.access` and `request.caller`. Each route sets its
 * requirement in `config.access`; the app does not start while a route lacks one. Capabilities check
 * ownership by `request.caller`. Register this plugin first: it must see every route.
 */
async function access(app: FastifyInstance, { mode }: AccessOptions) {
  const authenticators: Authenticator[] = []
  const routes: RouteOptions[] = []
  const unknown = mode === 'open' ? OPEN : PUBLIC

  function recognise(request: FastifyRequest, from = 0): Caller | null | Promise<Caller | null> {
    for (const [at, authenticator] of authenticators.entries()) {
      if (at < from) continue
      const found = authenticator(request)
      if (found instanceof Promise) return found.then((caller) => caller ?? recognise(request, at + 1))
      if (found !== null) return found
    }
    return null
  }

  function admit(request: Request, requirement: Exclude<Requirement, 'public'>, caller: Caller | null): void {
    if (caller === null) throw credentialsMissing()
    // Set before the scope is checked, so that the log line of a refusal has the key.
    request[recognised] = caller
    if (requirement !== 'signed-in' && !caller.scopes.has(requirement)) throw notAllowed(requirement)
  }

  /** Synchronous when the caller is known without I/O. Fastify answers with an error thrown here. */
  const authenticate: onRequestHookHandler = (request, _reply, done) => {
    const requirement = mode === 'open' ? 'public' : (request.routeOptions.config.access ?? 'signed-in')
    if (requirement === 'public') {
      done()
      return
    }
    const caller = recognise(request)
    if (caller instanceof Promise) {
      caller.then((one) => admit(request, requirement, one)).then(() => done(), done)
      return
    }
    admit(request, requirement, caller)
    done()
  }

  app.decorateRequest('caller', {
    getter(this: Request) {
      return this[recognised] ?? unknown
    }
  })
  app.addHook('onRoute', (route) => void routes.push(route))
  app.addHook('onReady', async () => {
    const silent = routes.filter(({ config }) => config?.access === undefined)
    if (silent.length === 0) return
    const names = silent.map(({ method, url }) => `${[method].flat().join()} ${url}`)
    throw new Error(`These routes lack config.access: ${names.join('; ')}`)
  })
  app.decorate('access', {
    mode,
    authenticate,
    authenticateBy(authenticator) {
      authenticators.push(authenticator)
    },
    routes: () =>
      routes.flatMap(({ method, url, config }) =>
        [method].flat().map((one) => ({
          method: one,
          url,
          requirement: config?.access ?? 'signed-in',
          isPage: config?.isPage ?? false
        }))
      )
  })
}

export default fp(access, { name: 'access', fastify: '5.x' })
