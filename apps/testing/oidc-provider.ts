import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import Provider from 'oidc-provider'
import type { Test } from 'tap'
import { listen } from './listen.ts'

/** An OpenID Connect provider for tests of the sign-in. */

export interface ProviderOptions {
  client: { client_id: string; client_secret: string }
  redirectUris: string[]
  /** The claims of each account. */
  people: Record<string, object>
  /** Any free port by default. */
  port?: number
}

/** Starts a provider that signs in `state.account` without a prompt; null makes the user decline. */
export async function startProvider(
  t: Test,
  { client, redirectUris, people, port = 0 }: ProviderOptions
): Promise<{ issuer: string; state: { account: string | null } }> {
  const state: { account: string | null } = { account: null }
  const server = createServer((request, response) => {
    if (!request.url?.startsWith('/interaction/')) return callback(request, response)
    const { account } = state
    const result = account === null ? { error: 'access_denied' } : { login: { accountId: account } }
    return provider.interactionFinished(request, response, result)
  })
  const issuer = `http://${await listen(t, server, port)}`
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  const provider = new Provider(issuer, {
    clients: [{ ...client, redirect_uris: redirectUris }],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'one', use: 'sig', alg: 'RS256' }] },
    cookies: { keys: ['a key'] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], roles: ['roles'] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: async () => ({ sub: id, ...people[id] })
    }),
    async loadExistingGrant({ oidc: { client, session } }) {
      const grant = new provider.Grant({
        clientId: client?.clientId ?? '',
        accountId: session?.accountId ?? ''
      })
      grant.addOIDCScope('openid email roles')
      await grant.save()
      return grant
    },
    ttl: { Interaction: 60, Session: 60, Grant: 60, AccessToken: 60, IdToken: 60 }
  })
  const callback = provider.callback()
  return { issuer, state }
}
