import t from 'tap'
import { startApp } from '#testing/app.ts'
import { createKeyParts, formatKey } from './secret.ts'

/** No key creates one that lasts longer than itself. */

const ADMIN = formatKey(createKeyParts())
const SOON = '2100-01-01T00:00:00'
const LATER = '2100-01-02T00:00:00'

t.test('a key that expires gives nothing that lasts longer', async (t) => {
  const { request } = await startApp(t, { env: { AUTH: 'keys', ADMIN_KEY: ADMIN } })
  const as = (headers: Record<string, string>) => (method: string, path: string, json?: object) =>
    request(method, path, { headers, ...(json && { json }) })
  const admin = as({ authorization: `Bearer ${ADMIN}` })
  const make = (caller: typeof admin, expires_at?: string | null) =>
    caller('POST', '/keys', { name: 'made', role: 'admin', ...(expires_at !== undefined && { expires_at }) })

  const lasting = (await make(admin)).json
  t.equal(lasting.expires_at, null, 'the key of the settings lasts')
  const later = (await make(admin, LATER)).json
  const soon = (await make(admin, SOON)).json
  const { headers } = await request('POST', '/session', { json: { key: soon.key } })
  const cookie = headers.get('set-cookie')?.split(';', 1)[0] ?? ''
  const callers = {
    'a key': as({ authorization: `Bearer ${soon.key}` }),
    'a session of a key': as({ cookie, 'sec-fetch-site': 'same-origin' })
  }
  for (const [name, caller] of Object.entries(callers)) {
    for (const expiry of [undefined, null, SOON])
      t.match(await make(caller, expiry), { status: 201, json: { expires_at: SOON } }, `${name}: ${expiry}`)
    t.match(await make(caller, '2099-01-01T00:00:00'), {
      status: 201,
      json: { expires_at: '2099-01-01T00:00:00' }
    })
    const refused = { status: 422, json: { errors: [{ path: 'expires_at', message: new RegExp(SOON) }] } }
    t.match(await make(caller, LATER), refused, name)
    for (const { id } of [lasting, later])
      t.match(
        await caller('POST', `/keys/${id}/rotate`),
        { status: 403, json: { code: 'KEY_OUTLIVES_CALLER' } },
        name
      )
  }
  const child = (await make(callers['a key'])).json
  const grandchild = await make(as({ authorization: `Bearer ${child.key}` }))
  t.match(grandchild, { status: 201, json: { expires_at: SOON } })
  t.equal((await callers['a key']('POST', `/keys/${child.id}/rotate`)).status, 200)
  t.equal((await admin('POST', `/keys/${later.id}/rotate`)).status, 200)
})
