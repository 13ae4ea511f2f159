import { randomBytes } from 'node:crypto'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { startStack } from '#ops/stack/stack.ts'
import { createClient, type RequestOptions } from '#testing/app.ts'
import { browserTest, openBrowser, openPage, type Watched } from '#testing/browser.ts'
import { makeFolder } from '#testing/folder.ts'
import { startProvider } from '#testing/oidc-provider.ts'
import { missing } from '#testing/programs.ts'
import { findPort } from '#testing/server-process.ts'
import { until } from '#testing/until.ts'
import { makeRelease } from './release.ts'

/** The dashboard on PostgreSQL, Redis, two replicas and nginx. */

const skip = browserTest.skip ?? (missing('postgres') || missing('redis-server') || missing('nginx'))

const ADMIN = `fl_${randomBytes(8).toString('hex')}_${randomBytes(32).toString('base64url')}`
const CLIENT = { client_id: 'fairlead', client_secret: 'a secret of some length' }
const PEOPLE = {
  ada: { email: 'ada@example.com', email_verified: true },
  reader: { email: 'reader@example.com', email_verified: true, roles: ['read-only'] }
}

t.test('the dashboard on two replicas', skip ? { skip } : {}, async (t) => {
  const port = await findPort()
  const url = `http://127.0.0.1:${port}`
  const redirectUris = [`${url}/session/oidc/callback`]
  const provider = await startProvider(t, { client: CLIENT, redirectUris, people: PEOPLE })
  const stack = await startStack({
    folder: await makeFolder(t),
    replicas: 2,
    port,
    isLight: true,
    env: {
      ...{ AUTH: 'keys', ADMIN_KEY: ADMIN, RATE_LIMIT: 'off', PUBLIC_URL: url },
      ...{ OIDC_ISSUER: provider.issuer, OIDC_SCOPES: 'openid email roles' },
      ...{ OIDC_CLIENT_ID: CLIENT.client_id, OIDC_CLIENT_SECRET: CLIENT.client_secret }
    }
  })
  t.teardown(stack.stop)
  const browser = await openBrowser(t)
  const asAdmin =
    (server: string) =>
    (method: string, path: string, options: RequestOptions = {}) =>
      createClient(server)(method, path, { ...options, headers: { authorization: `Bearer ${ADMIN}` } })
  const admin = asAdmin(url)
  const replicas = stack.replicas.map(({ unit }) => asAdmin(unit.url))
  for (const username of Object.keys(PEOPLE))
    await admin('POST', '/users', { json: { username, email: `${username}@example.com` } })

  const open = (expects = '401') =>
    openPage(browser, url, { expects: new RegExp(`${expects}|^${provider.issuer}`) })

  async function signIn(page: Page, path = '/dashboard'): Promise<void> {
    await page.goto(path)
    await page.getByLabel('API key').fill(ADMIN)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('main').getByRole('heading', { level: 1 }).waitFor()
  }

  async function create(path: string): Promise<{ id: number; short_code: string }> {
    return (await admin('POST', '/urls', { json: { original_url: `https://example.com/${path}` } })).json
  }

  const isCalm = (t: Test, { complaints }: Watched) => t.same(complaints, [])

  await t.test('sign in with a key, and out', async (t) => {
    const watched = await open()
    const { page } = watched
    await signIn(page, '/dashboard/keys')
    await page.getByRole('heading', { name: 'Keys' }).waitFor()
    await page.getByRole('button', { name: 'Preferences' }).click()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByLabel('API key').waitFor()
    await page.reload()
    await page.getByLabel('API key').waitFor()
    isCalm(t, watched)
  })

  await t.test('sign in at the provider, and return to the page', async (t) => {
    const watched = await open()
    const { page } = watched
    provider.state.account = 'ada'
    await page.goto('/dashboard/stats?period=7d')
    await page.getByRole('link', { name: 'Sign in with your organisation' }).click()
    await page.getByRole('heading', { name: 'Statistics' }).waitFor()
    t.equal(page.url(), `${url}/dashboard/stats?period=7d`)
    t.equal(await page.getByLabel('Period', { exact: true }).inputValue(), '7d')
    isCalm(t, watched)
  })

  await t.test('a read-only role finds links and changes none', async (t) => {
    const watched = await open()
    const { page } = watched
    const json = { name: 'reader', role: 'read-only' }
    const { json: key } = await admin('POST', '/keys', { json })
    const { short_code } = await create('read')
    await page.goto('/dashboard')
    await page.getByLabel('API key').fill(key.key)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('link', { name: short_code, exact: true }).click()
    await page.getByRole('heading', { name: 'Statistics' }).waitFor()
    t.equal(await page.getByRole('button', { name: /^(Edit|Delete)/ }).count(), 0)
    t.equal(await page.getByLabel('Long addresses to shorten').count(), 0)
    isCalm(t, watched)
  })

  await t.test('a new link redirects, and its click is in the statistics', async (t) => {
    const watched = await open()
    const { page } = watched
    await signIn(page)
    await page.getByLabel('Long addresses to shorten').fill('https://example.com/shortened')
    await page.keyboard.press('Enter')
    const results = page.getByRole('region', { name: 'New links' })
    await results.getByRole('button', { name: 'Copy', exact: true }).click()
    const short = String(await page.evaluate('navigator.clipboard.readText()'))
    t.ok(short.startsWith(`${url}/`), short)
    const answer = await fetch(short, { redirect: 'manual' })
    t.equal(answer.headers.get('location'), 'https://example.com/shortened')
    await results.getByRole('link').click()
    await page.getByRole('heading', { name: 'Statistics' }).waitFor()
    const counted = page.getByText(/^1 click, /)
    await until(async () => {
      if (await counted.isVisible()) return true
      await page.reload()
      await page.locator('.report .summary').waitFor()
      return counted.isVisible()
    })
    isCalm(t, watched)
  })

  await t.test('find, edit beside another replica, delete and undo', async (t) => {
    const { id, short_code } = await create('edited')
    const path = `/urls/${id}`
    const watched = await open('401|412')
    const { page } = watched
    await signIn(page)
    await page.getByRole('searchbox').fill('edited')
    await page.getByText('1 link', { exact: true }).waitFor()
    const read = page.waitForResponse((answer) => answer.url().endsWith(path))
    await page.getByRole('button', { name: `Edit ${short_code}` }).click()
    await read
    await page.getByLabel('Title').fill('Mine')
    for (const [index, request] of replicas.entries())
      await request('PUT', path, { json: { title: `Theirs ${index}` } })
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByRole('heading', { name: 'The link changed meanwhile' }).waitFor()
    const fields = page.getByRole('dialog').getByRole('row')
    await fields.filter({ hasText: 'Theirs 1' }).filter({ hasText: 'Mine' }).waitFor()
    await page.getByRole('button', { name: 'Save yours' }).click()
    await page.getByText('Changes saved').waitFor()
    for (const request of replicas)
      await until(
        async () => (await request('GET', path)).json.title,
        (title) => title === 'Mine'
      )
    await page.getByRole('button', { name: `Delete ${short_code}` }).click()
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByText(`${short_code} is back`).waitFor()
    for (const request of replicas)
      await until(
        async () => (await request('GET', path)).status,
        (status) => status === 200
      )
    isCalm(t, watched)
  })

  await t.test('a rolling restart under an open tab', async (t) => {
    const { id, short_code } = await create('restarted')
    const watched = await open()
    const { page } = watched
    await signIn(page, '/dashboard?q=restarted')
    await page.getByRole('button', { name: `Edit ${short_code}` }).click()
    await page.getByLabel('Title').fill('Typed before')
    const steps: string[] = []
    let isOver = false
    const restarted = stack
      .rollingRestart((step) => steps.push(step))
      .finally(() => {
        isOver = true
      })
    const alerts: string[] = []
    let reads = 0
    while (!isOver) {
      const answer = await page.evaluate('fetch("/urls?sort=-id").then(({ status }) => status)')
      if (answer !== 200) alerts.push(`${answer}`)
      alerts.push(...(await page.getByRole('alert').allInnerTexts()))
      reads++
    }
    await restarted
    t.ok(reads > 2 && steps.length === 4, `${reads} reads`)
    t.same(alerts, [])
    t.equal(await page.getByLabel('Title').inputValue(), 'Typed before')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText('Changes saved').waitFor()
    t.equal((await admin('GET', `/urls/${id}`)).json.title, 'Typed before')
    isCalm(t, watched)
  })

  await t.test('a release with other files under an open tab', async (t) => {
    const release = await makeFolder(t)
    await makeRelease(release)
    const [first, second] = stack.replicas
    if (first === undefined || second === undefined) throw new Error('there are two replicas')
    const watched = await open('401|404|dynamically imported module')
    const { page } = watched
    await signIn(page)
    const upgrade = async (replica: typeof first) => {
      Object.assign(replica.unit, { cwd: release })
      await replica.stop()
      await replica.start()
    }
    await upgrade(first)
    // Either replica may get a request: the tab finds the files of its release, and so do new tabs.
    await page.getByRole('link', { name: 'Statistics' }).click()
    await page.getByRole('heading', { name: 'Statistics' }).waitFor()
    for (let tabs = 0; tabs < 6; tabs++) {
      const other = await open()
      await signIn(other.page, '/dashboard/users')
      await other.page.getByRole('heading', { name: 'Users' }).waitFor()
      isCalm(t, other)
      await other.page.context().close()
    }
    await upgrade(second)
    await page.getByLabel('Long addresses to shorten').fill('https://example.com/kept')
    await page.getByRole('link', { name: 'Administration' }).click()
    await page.getByText('A newer release is running').waitFor()
    t.equal(await page.getByLabel('Long addresses to shorten').inputValue(), 'https://example.com/kept')
    await page.getByRole('button', { name: 'Reload' }).click()
    await page.getByRole('heading', { name: 'Users' }).waitFor()
    isCalm(t, watched)
  })
})
