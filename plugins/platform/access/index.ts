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

/** What a route asks of its callers: a scope, that they are known, or nothing. */
export type Requirement = Scope | 'signed-in' | 'public'

/**
 * Tells who sent a request: null when it holds no credentials of its kind. Throws a problem when it holds some that are
 * not good. A promise only where it has to be asked for.
 */
export type Authenticator = (request: FastifyRequest) => Caller | null | Promise<Caller | null>

/** `app.access`: who may do what. */
export interface Access {
  readonly mode: 'open' | 'keys'
  /** Adds a way to be recognised; the first that finds its kind of credentials decides. */
  authenticateBy(authenticator: Authenticator): void
  /** Every route and what it asks; complete once the app is ready. */
  routes(): GuardedRoute[]
  /**
   * Hook `onRequest` of routes with callers: sets `request.caller` and refuses callers that the route does
   * not take.
   */
  readonly authenticate: onRequestHookHandler
}

export interface GuardedRoute {
  method: HTTPMethods
  url: string
  requirement: Requirement
  /** Whether a browser shows it as a page. */
  isPage: boolean
}

export interface AccessOptions {
  /** `open`: everybody is an administrator. `keys`: callers need a key or a session. */
  mode: 'open' | 'keys'
}

declare module 'fastify' {
  interface FastifyInstance {
    access: Access
  }
  interface FastifyRequest {
    /** Who asks. */
    readonly caller: Caller
  }
  interface FastifyContextConfig {
    /** What the route asks of its callers. A route that does not say keeps the app from starting. */
    access?: Requirement
    /** Whether a browser shows the route as a page. */
    isPage?: boolean
  }
}

/** A recognised caller is kept here, on requests that needed one: no others carry the property. */
const recognised = Symbol('caller')

type Request = FastifyRequest & { [recognised]?: Caller }

/**
 * Finds out who asks and whether the route lets them: publishes `app.access` and `request.caller`. Each route says in
 * `config.access` what it takes; one that does not say keeps the app from starting. Whose things a caller reaches is
 * judged in the capabilities, by `request.caller`. Register it first: it must see every route.
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
    // Before the refusal, so that the log names the key.
    request[recognised] = caller
    if (requirement !== 'signed-in' && !caller.scopes.has(requirement)) throw notAllowed(requirement)
  }

  /** Waits for nothing when the caller is known at once. An error that it throws is the answer. */
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
    throw new Error(`These routes do not say in config.access who may call them: ${names.join('; ')}`)
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
