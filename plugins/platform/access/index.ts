import type { FastifyInstance, FastifyRequest, HTTPMethods, RouteOptions } from 'fastify'
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
 * judged in the capabilities, by `request.caller`. Public routes, and all of an open server, get no hook and cost
 * nothing. Register it first: it must see every route.
 */
async function access(app: FastifyInstance, { mode }: AccessOptions) {
  const authenticators: Authenticator[] = []
  const routes: RouteOptions[] = []
  const unknown = mode === 'open' ? OPEN : PUBLIC

  function authenticate(request: FastifyRequest, from = 0): Caller | null | Promise<Caller | null> {
    for (const [at, authenticator] of authenticators.entries()) {
      if (at < from) continue
      const found = authenticator(request)
      if (found instanceof Promise) return found.then((caller) => caller ?? authenticate(request, at + 1))
      if (found !== null) return found
    }
    return null
  }

  function admit(request: Request, caller: Caller | null): void {
    const { access: requirement = 'signed-in' } = request.routeOptions.config
    // Said after the route was seen; whoever takes the public knows nobody.
    if (requirement === 'public') return
    if (caller === null) throw credentialsMissing()
    // Before the refusal, so that the log names the key.
    request[recognised] = caller
    if (requirement !== 'signed-in' && !caller.scopes.has(requirement)) throw notAllowed(requirement)
  }

  /** Answers in the same turn where everything needed is known. */
  function guard(request: FastifyRequest): void | Promise<void> {
    const caller = authenticate(request)
    if (caller instanceof Promise) return caller.then((one) => admit(request, one))
    admit(request, caller)
  }

  function onRequest(request: FastifyRequest, _reply: unknown, done: (error?: Error) => void): void {
    try {
      const pending = guard(request)
      if (pending === undefined) done()
      else pending.then(() => done(), done)
    } catch (error) {
      done(error as Error)
    }
  }

  app.decorateRequest('caller', {
    getter(this: Request) {
      return this[recognised] ?? unknown
    }
  })
  app.addHook('onRoute', (route) => {
    routes.push(route)
    if (mode === 'open' || route.config?.access === 'public') return
    route.onRequest = [onRequest, ...[route.onRequest ?? []].flat()]
  })
  app.addHook('onReady', async () => {
    const silent = routes.filter(({ config }) => config?.access === undefined)
    if (silent.length === 0) return
    const names = silent.map(({ method, url }) => `${[method].flat().join()} ${url}`)
    throw new Error(`These routes do not say in config.access who may call them: ${names.join('; ')}`)
  })
  app.decorate('access', {
    mode,
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
