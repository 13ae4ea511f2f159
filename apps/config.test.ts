import t from 'tap'
import { readConfig } from './config.ts'
import { ConfigError } from './config-error.ts'

t.test('an empty environment is valid: every setting has a default or is optional', async (t) => {
  const config = readConfig({})
  t.equal(config.server.port, 3000)
  t.equal(config.server.host, '127.0.0.1')
  t.equal(config.database.url, undefined)
  t.equal(config.redis.url, undefined)
  t.match(config.database.dataDir, /^\/.*data$/, 'a relative folder becomes absolute')
})

t.test('takes an empty variable as unset', async (t) => {
  t.equal(readConfig({ DATABASE_URL: '', PORT: ' ' }).database.url, undefined)
})

t.test('lists every invalid variable in one error, with its valid values', async (t) => {
  const env = {
    PORT: '70000',
    LOG_LEVEL: 'loud',
    DATABASE_URL: 'mysql://me:secret@host/db',
    DRAIN_MS: 'soon'
  }
  t.throws(() => readConfig(env), ConfigError)
  try {
    readConfig(env)
  } catch (error) {
    const { message } = error as Error
    for (const name of Object.keys(env)) t.match(message, name)
    t.match(message, /PORT must be <= 65535/)
    t.match(message, /LOG_LEVEL .*trace, debug, info/)
    t.notMatch(message, /secret/, 'a value is never repeated: it may be a secret')
  }
})

t.test('reads numbers, lists and addresses', async (t) => {
  const config = readConfig({
    PORT: '0',
    TRUST_PROXY: '10.0.0.0/8, 127.0.0.1',
    PUBLIC_URL: 'https://sho.rt/'
  })
  t.equal(config.server.port, 0)
  t.same(config.server.trustProxy, ['10.0.0.0/8', '127.0.0.1'])
  t.equal(config.urls.publicUrl, 'https://sho.rt', 'without a slash at its end')
})

t.test('accepts only base URLs that can be a prefix of paths', async (t) => {
  const oidc = {
    AUTH: 'keys',
    PUBLIC_URL: 'https://sho.rt',
    OIDC_CLIENT_ID: 'a',
    OIDC_CLIENT_SECRET: 's'.repeat(16)
  }
  for (const name of ['PUBLIC_URL', 'OIDC_ISSUER']) {
    const read = (value: string) => readConfig({ ...oidc, OIDC_ISSUER: 'https://id.dev', [name]: value })
    for (const good of [
      'https://sho.rt',
      'https://sho.rt:8443/',
      'https://sho.rt/go/@me',
      'http://[::1]:3000/a'
    ])
      t.doesNotThrow(() => read(good), `${name}=${good}`)
    for (const bad of [
      'sho.rt',
      'ftp://sho.rt',
      'https://',
      'https:///path',
      'https://sho.rt?a=b',
      'https://sho.rt/?',
      'https://sho.rt/#top',
      'https://me@sho.rt',
      'https://me:secret@sho.rt/',
      'https://@sho.rt',
      'https://sho.rt\\go',
      'https://good.dev\\@evil.dev',
      'https://sho.rt/a\\b',
      'https://sho rt',
      'https://sho.rt:99999',
      'https://sho%2frt',
      'https://[::1'
    ])
      t.throws(() => read(bad), new RegExp(`\\n {2}${name} must`), `${name}=${bad}`)
  }
})

t.test('refuses a proxy that is not an address', async (t) => {
  t.throws(() => readConfig({ TRUST_PROXY: '1' }), /TRUST_PROXY/)
})

t.test('takes origins as browsers send them, and contacts that are URIs', async (t) => {
  const config = readConfig({
    CORS_ORIGINS: 'https://a.dev, http://localhost:5173',
    PUBLIC_URL: 'https://sho.rt/x'
  })
  t.match(config.origins, { allowed: ['https://a.dev', 'http://localhost:5173'], own: 'https://sho.rt' })
  for (const bad of [
    '*',
    'null',
    'a.dev',
    'https://a.dev/',
    'https://A.dev',
    'https://a.dev:443',
    'file://x'
  ])
    t.throws(() => readConfig({ CORS_ORIGINS: bad }), /CORS_ORIGINS/, bad)
  for (const bad of ['security@a.dev', 'https://a.dev\nx', 'javascript:x'])
    t.throws(() => readConfig({ SECURITY_CONTACT: bad }), /SECURITY_CONTACT/, bad)
})

t.test('reads a secret from the file that NAME_FILE names', async (t) => {
  const folder = t.testdir({ url: 'postgres://me:secret@host/db\n' })
  t.equal(readConfig({ DATABASE_URL_FILE: `${folder}/url` }).database.url, 'postgres://me:secret@host/db')
  t.equal(
    readConfig({ DATABASE_URL: 'postgres://a/b', DATABASE_URL_FILE: '' }).database.url,
    'postgres://a/b'
  )
  t.throws(() => readConfig({ DATABASE_URL_FILE: `${folder}/none` }), /DATABASE_URL_FILE .*none/)
})

t.test('limits each client if there are keys, or if so configured', async (t) => {
  t.same(Object.keys(readConfig({}).limits.policies), ['passwords', 'linkPasswords'])
  t.same(readConfig({ AUTH: 'keys', RATE_LIMIT: 'off' }).limits.policies, {})
  const { policies } = readConfig({ AUTH: 'keys', RATE_LIMIT_BULK: '5/3600' }).limits
  t.match(policies, { bulk: { max: 5, windowMs: 3_600_000 }, create: { max: 300 } })
  for (const bad of ['10', '0/60', '10/0', '10/60s', '10/60/1', 'ten/60'])
    t.throws(() => readConfig({ RATE_LIMIT_API: bad }), /RATE_LIMIT_API/, bad)
})

t.test('sign-in at a provider needs all its settings, and the error says which are missing', async (t) => {
  const whole = {
    AUTH: 'keys',
    PUBLIC_URL: 'https://sho.rt/',
    OIDC_ISSUER: 'https://id.example.com/realms/a',
    OIDC_CLIENT_ID: 'fairlead',
    OIDC_CLIENT_SECRET: 'a secret of some length',
    OIDC_ADMINS: 'Ada@example.com , b@example.com'
  }
  t.match(readConfig(whole).sessions.oidc, {
    redirectUri: 'https://sho.rt/session/oidc/callback',
    scopes: 'openid email profile',
    admins: ['ada@example.com', 'b@example.com']
  })
  t.equal(readConfig({ AUTH: 'keys' }).sessions.oidc, null)
  t.equal(
    readConfig({ ...whole, OIDC_ISSUER: 'http://127.0.0.1:9/x' }).sessions.oidc?.issuer,
    'http://127.0.0.1:9/x'
  )
  for (const name of ['PUBLIC_URL', 'OIDC_ISSUER', 'OIDC_CLIENT_ID', 'OIDC_CLIENT_SECRET'])
    t.throws(() => readConfig({ ...whole, [name]: '' }), new RegExp(`^.*\\n {2}${name} must be set too`))
  for (const [name, bad] of [
    ['AUTH', 'open'],
    ['OIDC_ISSUER', 'http://id.example.com'],
    ['OIDC_ISSUER', 'id.example.com'],
    ['OIDC_CLIENT_SECRET', 'short'],
    ['OIDC_SCOPES', 'email'],
    ['OIDC_ADMINS', 'ada, b@example.com']
  ] as const)
    t.throws(
      () => readConfig({ ...whole, [name]: bad }),
      new RegExp(`^.*\\n {2}${name} must`),
      `${name}=${bad}`
    )
})
