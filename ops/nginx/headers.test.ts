import t from 'tap'
import { startApp } from '#testing/app.ts'
import { missing } from '#testing/programs.ts'
import { upstreamOf } from './render.ts'
import { startSite } from './sites.ts'

/** nginx passes on the longest response heads of a replica unchanged. */

const skip = missing('nginx')

const START = 'https://acme.dev/'
const MAX_LOCATION = 8_192

/** Characters by the bytes of their percent-encoded form. */
const ALPHABETS = { x: 1, é: 6, 漢: 9, '🚀': 12 }

/**
 * The longest target of one character that the API accepts: limited by characters, or by the bytes of its
 * Location.
 */
const longest = (character: string, bytes: number) =>
  START + character.repeat(Math.min(2_048 - START.length, Math.floor((MAX_LOCATION - START.length) / bytes)))

t.test('what a replica answers with the longest head is the same through nginx', { skip }, async (t) => {
  const { url: replica, request } = await startApp(t)
  const { url } = await startSite(t, { UPSTREAM: upstreamOf([new URL(replica).host]) })
  const create = (json: object) => request('POST', '/urls', { json })
  const follow = (server: string, code: string) => fetch(`${server}/${code}`, { redirect: 'manual' })

  for (const [character, bytes] of Object.entries(ALPHABETS)) {
    const original_url = longest(character, bytes)
    const { status, json } = await create({ original_url })
    t.equal(status, 201, character)
    const [direct, proxied] = await Promise.all([replica, url].map((one) => follow(one, json.short_code)))
    t.equal(proxied?.status, 302, character)
    t.equal(proxied?.headers.get('location'), direct?.headers.get('location'))
    t.equal(proxied?.headers.get('location'), encodeURI(original_url))
  }

  const title = '🚀'.repeat(200)
  for (let at = 0; at < 3; at++) await create({ original_url: START, title })
  const list = await fetch(`${url}/urls?q=${encodeURIComponent(title)}&page=2&per_page=1`)
  t.equal(list.status, 200)
  t.equal(list.headers.get('link')?.split(', ').length, 4)
})

t.test('a target whose Location would be longer is refused, by an import too', async (t) => {
  const { request } = await startApp(t)
  for (const [character, bytes] of Object.entries(ALPHABETS)) {
    const json = { original_url: longest(character, bytes) + character }
    const refused = await request('POST', '/urls', { json })
    t.match(refused, { status: 422, json: { errors: [{ path: 'original_url' }] } }, character)
    const row = `1,,long,${json.original_url},,True,2025-06-04 00:07:00,2025-06-04 00:07:00`
    const body = `id,user_id,short_code,original_url,title,is_active,created_at,updated_at\n${row}\n`
    const report = await request('POST', '/urls/bulk', { body, headers: { 'content-type': 'text/csv' } })
    t.match(report.json, { imported: 0, errors: [{ line: 2, reason: /original_url/ }] })
  }
})
