import { inflateSync } from 'node:zlib'
import t from 'tap'
import { startApp } from '#testing/app.ts'
import { browserTest, openBrowser, openPage } from '#testing/browser.ts'

/** The dashboard as an application that browsers install, and what other pages hand over to it. */

interface Icon {
  src: string
  type: string
  sizes: string
}

t.test('Chromium finds nothing that prevents an installation', browserTest, async (t) => {
  const { url } = await startApp(t)
  const { page, complaints } = await openPage(await openBrowser(t), url)
  await page.goto('/dashboard/stats')
  await page.getByRole('heading', { name: 'Statistics' }).waitFor()
  const tools = await page.context().newCDPSession(page)
  const { errors, manifest } = await tools.send('Page.getAppManifest')
  t.same(errors, [])
  t.match(manifest, { name: 'Fairlead', startUrl: `${url}/dashboard`, scope: /\/dashboard$/ })
  const { installabilityErrors } = await tools.send('Page.getInstallabilityErrors')
  // Contexts of tests are private, and private windows install nothing.
  t.same(
    installabilityErrors.map(({ errorId }) => errorId).filter((id) => id !== 'in-incognito'),
    []
  )
  t.same(complaints, [])
})

t.test('the manifest follows the path of PUBLIC_URL, and its icons have their sizes', async (t) => {
  const { request, url } = await startApp(t, { env: { PUBLIC_URL: 'https://example.com/l' } })
  const { headers, json } = await request('GET', '/dashboard/manifest.webmanifest')
  t.match(headers.get('content-type'), /^application\/manifest\+json/)
  t.match(json, {
    id: '/l/dashboard',
    start_url: '/l/dashboard',
    scope: '/l/dashboard',
    share_target: { action: '/l/dashboard', method: 'GET' }
  })
  t.equal(json.icons.length, 4)
  const read = async ({ src, type, sizes }: Icon): Promise<string[]> => {
    const answer = await request('GET', src.slice('/l'.length))
    const faults = answer.headers.get('content-type') === type ? [] : [`${src} is no ${type}`]
    return type === 'image/png' && !(await isPng(src, sizes)) ? [...faults, `${src} is not ${sizes}`] : faults
  }
  const isPng = async (src: string, sizes: string) => {
    const data = Buffer.from(await (await fetch(`${url}${src.slice('/l'.length)}`)).arrayBuffer())
    const width = data.readUInt32BE(16)
    const length = data.indexOf('IEND') - data.indexOf('IDAT') - 12
    const rows = inflateSync(data.subarray(data.indexOf('IDAT') + 4, data.indexOf('IDAT') + 4 + length))
    return `${width}x${width}` === sizes && rows.length === width * (1 + width * 4)
  }
  t.same((await Promise.all(json.icons.map(read))).flat(), [])
})

t.test('an address that is handed over fills the field and is not shortened', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  const { page, complaints } = await openPage(await openBrowser(t), url)
  const handed = new URLSearchParams({
    new: 'https://example.com/a?b=c&d=é',
    title: '<b>Title</b>',
    keep: '1'
  })
  await page.goto(`/dashboard?${handed}`)
  const field = page.getByLabel('Long addresses to shorten')
  await page.locator('.create-field:focus').waitFor()
  t.equal(await field.inputValue(), 'https://example.com/a?b=c&d=é')
  t.equal(page.url(), `${url}/dashboard?keep=1`)
  await page.getByText('No links yet').waitFor()
  t.same((await request('GET', '/urls')).json, [])
  await page.keyboard.press('Enter')
  await page.getByText('Link created').waitFor()
  t.match((await request('GET', '/urls')).json, [{ title: '<b>Title</b>', original_url: /\/a\?b=c&d=/ }])

  // Programs of phones put the address into the text.
  await page.goto(`/dashboard?${new URLSearchParams({ text: 'Look: https://example.com/shared now' })}`)
  await page.locator('.create-field:focus').waitFor()
  t.equal(await field.inputValue(), 'https://example.com/shared')
  // A line break would make several links of one press.
  await page.goto(`/dashboard?${new URLSearchParams({ new: 'https://a.example/\nhttps://b.example/' })}`)
  await page.locator('.create-field:focus').waitFor()
  t.equal(await field.inputValue(), 'https://a.example/ https://b.example/')
  t.same(complaints, [])
})

t.test('the bookmark hands over the page on which it is pressed', browserTest, async (t) => {
  const { url } = await startApp(t)
  const { page, complaints } = await openPage(await openBrowser(t), url)
  await page.goto('/dashboard')
  await page.getByRole('button', { name: 'Preferences' }).click()
  const bookmark = page.getByRole('link', { name: 'Shorten with Fairlead' })
  const script = (await bookmark.getAttribute('href')) ?? ''
  t.match(script, /^javascript:/)
  await bookmark.click()
  await page.getByText('pressing it here does nothing').waitFor()
  t.equal(page.url(), `${url}/dashboard`)

  await page.goto('/health')
  const opened = page.context().waitForEvent('page')
  // A bookmark runs in the page as the tools of the developer do.
  await page.evaluate(decodeURIComponent(script.slice('javascript:'.length)))
  const other = await opened
  await other.locator('.create-field:focus').waitFor()
  t.equal(await other.getByLabel('Long addresses to shorten').inputValue(), `${url}/health`)
  t.same(complaints, [])
})
