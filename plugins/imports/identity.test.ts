import fc from 'fast-check'
import t from 'tap'
import { arbitraryText, arbitraryValue } from '#apps/acceptance/arbitraries.ts'
import { hasRedis, type Running, startApp } from '#testing/app.ts'
import { wipe } from '#testing/import-rows.ts'

/** Export and import preserve everything that the API accepts, in particular at its limits. */

const KINDS = ['users', 'urls', 'events'] as const
const env = { TARGET_SCHEMES: 'http,https,mailto,app', RATE_LIMIT: 'off' }
const profile = hasRedis() ? 'redis' : 'alone'
const first = await startApp(t, { profile, env })
const second = await startApp(t, { profile, env })

/** Text of up to `limit` characters and slightly more, mostly characters of two UTF-16 units. */
const upTo = (limit: number) =>
  fc.oneof(
    arbitraryText,
    fc.string({ unit: 'binary', minLength: limit - 2, maxLength: limit + 1 }),
    fc
      .tuple(fc.constantFrom('😀', 'é', 'a', '𝕏'), fc.integer({ min: limit - 2, max: limit + 1 }))
      .map(([letter, count]) => letter.repeat(count))
  )
const target = fc
  .tuple(fc.constantFrom('https://example.com/', 'mailto:', 'app://'), fc.oneof(fc.webPath(), upTo(2_028)))
  .map(([start, rest]) => `${start}${rest}`)
const time = fc
  .date({ min: new Date('0100-01-01'), max: new Date('9999-12-31T00:00:00Z'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 19))
const name = fc.oneof(upTo(255), fc.string({ unit: 'grapheme', minLength: 1 }))

const drafts = fc.record({
  users: fc.array(fc.record({ username: name, email: fc.emailAddress() }), { maxLength: 4 }),
  urls: fc.array(
    fc.record(
      {
        original_url: target,
        title: fc.option(upTo(512)),
        short_code: fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/),
        expires_at: fc.option(time)
      },
      { requiredKeys: ['original_url'] }
    ),
    { maxLength: 4 }
  ),
  events: fc.array(
    fc.record({
      event_type: upTo(64),
      details: fc.dictionary(arbitraryText, arbitraryValue, { maxKeys: 4 })
    }),
    { maxLength: 4 }
  ),
  isGuarded: fc.boolean()
})

async function download({ request }: Running, isGuarded: boolean) {
  const files = []
  for (const kind of KINDS)
    files.push((await request('GET', `/${kind}/bulk${isGuarded ? '?for=spreadsheet' : ''}`)).text)
  return files
}

const list = async ({ request }: Running) =>
  Promise.all(KINDS.map(async (kind) => (await request('GET', `/${kind}`)).text))

function same(found: string[], wanted: string[]): void {
  for (const [at, text] of wanted.entries())
    if (found[at] !== text) throw new Error(`${KINDS[at]}: ${found[at]} is not ${text}`)
}

t.test('export and import preserve everything that the API creates', async (t) => {
  let accepted = 0
  await fc.assert(
    fc.asyncProperty(drafts, async ({ users, urls, events, isGuarded }) => {
      await wipe(first)
      await wipe(second)
      const post = async (path: string, json: object) => {
        const answer = await first.request('POST', path, { json })
        if (answer.status === 201) accepted++
        else if (answer.status !== 409 && answer.status !== 422 && answer.status !== 400)
          throw new Error(`${answer.status} ${answer.text}`)
        return answer
      }
      for (const draft of users) await post('/users', draft)
      for (const draft of urls) await post('/urls', draft)
      const { json: link } = await post('/urls', { original_url: 'https://example.com/' })
      for (const draft of events) await post('/events', { url_id: link.id, ...draft })
      const files = await download(first, isGuarded)
      for (const [at, kind] of KINDS.entries()) {
        const body = files[at] ?? ''
        const headers = { 'content-type': 'text/csv' }
        const { json, text } = await second.request('POST', `/${kind}/bulk`, { body, headers })
        if (json.errors?.length !== 0 || json.imported !== json.count) throw new Error(text)
      }
      same(await download(second, isGuarded), files)
      same(
        (await list(second)).map((text) => text.replaceAll(second.url, first.url)),
        await list(first)
      )
    }),
    { numRuns: 40, endOnFailure: true }
  )
  t.ok(accepted > 100, `${accepted} values were accepted`)
})
