import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  type Configuration,
  calculatePKCECodeChallenge,
  discovery,
  enableNonRepudiationChecks,
  fetchUserInfo,
  type IDToken,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  type UserInfoResponse
} from 'openid-client'
import { providerUnavailable, signInFailed } from './errors.ts'
import type { Flow } from './oidc-flow.ts'

/**
 * The provider of identities, by OpenID Connect: authorization code flow with PKCE, state and nonce (OpenID Connect Core 1.0, section
 * 3.1; RFC 9700). Its address is the operator's, and may well be a private one.
 */

export interface OidcOptions {
  issuer: string
  clientId: string
  clientSecret: string
  /** Where the provider sends browsers back to: `/session/oidc/callback` of this server. */
  redirectUri: string
  scopes: string
  /** The claim that holds the role; members and {@link admins} when undefined. */
  roleClaim: string | undefined
  /** Email addresses of administrators, in lower case. */
  admins: readonly string[]
}

/** What the provider says of who signed in. */
export type Claims = IDToken & Partial<UserInfoResponse>

export interface OidcClient {
  /** Where to send a browser, and what it must bring back with it. Throws PROVIDER_UNAVAILABLE. */
  begin(): Promise<{ location: string; flow: Pick<Flow, 'state' | 'nonce' | 'verifier'> }>
  /** Redeems what the provider sent back in the query. Throws SIGN_IN_FAILED, PROVIDER_UNAVAILABLE. */
  finish(query: string, flow: Flow): Promise<Claims>
  /** Asks the provider for its metadata unless that was done. Throws PROVIDER_UNAVAILABLE. */
  reach(): Promise<void>
}

const TIMEOUT_S = 5

/** Takes `onFailure`, which is told why somebody could not sign in. */
export function createOidcClient(
  { issuer, clientId, clientSecret, redirectUri, scopes }: OidcOptions,
  onFailure: (error: unknown) => void
): OidcClient {
  let found: Promise<Configuration> | null = null

  const authenticate: ClientAuth = (server, ...rest) => {
    const isPosted = server.token_endpoint_auth_methods_supported?.includes('client_secret_post') ?? false
    return (isPosted ? ClientSecretPost(clientSecret) : ClientSecretBasic(clientSecret))(server, ...rest)
  }

  /** Asked for once: a provider that is away when a server starts is found later. */
  function discover(): Promise<Configuration> {
    const insecure = issuer.startsWith('http:') ? [allowInsecureRequests] : []
    const execute = [enableNonRepudiationChecks, ...insecure]
    found ??= discovery(new URL(issuer), clientId, undefined, authenticate, { execute, timeout: TIMEOUT_S })
    return found.catch((error) => {
      found = null
      onFailure(error)
      throw providerUnavailable()
    })
  }

  return {
    async begin() {
      const configuration = await discover()
      const flow = { state: randomState(), nonce: randomNonce(), verifier: randomPKCECodeVerifier() }
      const location = buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope: scopes,
        state: flow.state,
        nonce: flow.nonce,
        code_challenge: await calculatePKCECodeChallenge(flow.verifier),
        code_challenge_method: 'S256'
      })
      return { location: location.href, flow }
    },

    async finish(query, { state, nonce, verifier }) {
      const configuration = await discover()
      const url = new URL(redirectUri)
      url.search = query
      try {
        const tokens = await authorizationCodeGrant(configuration, url, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier
        })
        const claims = tokens.claims()
        if (claims === undefined) throw new Error('The provider sent no ID token')
        if (claims['email'] !== undefined) return claims
        // Providers may give the address only to those who ask for it with the token.
        return { ...claims, ...(await fetchUserInfo(configuration, tokens.access_token, claims.sub)) }
      } catch (error) {
        onFailure(error)
        throw isAway(error) ? providerUnavailable() : signInFailed()
      }
    },

    async reach() {
      await discover()
    }
  }
}

/** Whether nobody answered, or too late: fetch throws a TypeError then. */
function isAway(error: unknown): boolean {
  const { code, cause, status } = Object(error)
  return code === 'OAUTH_TIMEOUT' || error instanceof TypeError || cause instanceof TypeError || status >= 500
}
