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
 * The client of the identity provider, by OpenID Connect: authorization code flow with PKCE, state and nonce
 * (OpenID Connect Core 1.0, section 3.1; RFC 9700). The operator configures its address, which may be a
 * private one.
 */

export interface OidcOptions {
  issuer: string
  clientId: string
  clientSecret: string
  /** The URL to which the provider sends browsers back: `/session/oidc/callback` of this server. */
  redirectUri: string
  scopes: string
  /** The claim that holds the role. If undefined, all users are members, except {@link admins}. */
  roleClaim: string | undefined
  /** Email addresses of administrators, in lower case. */
  admins: readonly string[]
}

/** The provider's claims about the user. */
export type Claims = IDToken & Partial<UserInfoResponse>

export interface OidcClient {
  /**
   * Returns the provider's URL for the browser, and the values that the browser must return. Throws
   * PROVIDER_UNAVAILABLE.
   */
  begin(): Promise<{ location: string; flow: Pick<Flow, 'state' | 'nonce' | 'verifier'> }>
  /** Redeems the query that the provider sent back. Throws SIGN_IN_FAILED, PROVIDER_UNAVAILABLE. */
  finish(query: string, flow: Flow): Promise<Claims>
  /** Requests the provider's metadata unless it is known. Throws PROVIDER_UNAVAILABLE. */
  reach(): Promise<void>
}

const TIMEOUT_S = 5

/** Creates the client. `onFailure` receives the reason of each failed sign-in. */
export function createOidcClient(
  { issuer, clientId, clientSecret, redirectUri, scopes }: OidcOptions,
  onFailure: (error: unknown) => void
): OidcClient {
  let found: Promise<Configuration> | null = null

  const authenticate: ClientAuth = (server, ...rest) => {
    const isPosted = server.token_endpoint_auth_methods_supported?.includes('client_secret_post') ?? false
    return (isPosted ? ClientSecretPost(clientSecret) : ClientSecretBasic(clientSecret))(server, ...rest)
  }

  /** Caches the metadata. A failed request is not cached, so a provider may come up after this server. */
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
        // Some providers send the address only from the userinfo endpoint.
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

/** True if the provider did not answer in time or failed. On a network error, fetch throws a TypeError. */
function isAway(error: unknown): boolean {
  const { code, cause, status } = Object(error)
  return code === 'OAUTH_TIMEOUT' || error instanceof TypeError || cause instanceof TypeError || status >= 500
}
