import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import t from 'tap'
import { KIND_NAMES, KINDS } from '#apps/dashboard/imports/kinds.ts'
import { startApp } from '#testing/app.ts'
import { browserTest, openBrowser, openPage } from '#testing/browser.ts'
import { makeFolder } from '#testing/folder.ts'
import { until } from '#testing/until.ts'

/** Imports and exports of the dashboard in a real browser. */

const file = (name: string, lines: readonly string[]) => ({
  name,
  mimeType: 'text/csv',
  buffer: Buffer.from(`${lines.join('\n')}\n`)
})

const choose = (page: Page, files: Parameters<Page['setInputFiles']>[1]) =>
  page.locator('input[type=file]').setInputFiles(files)

const submit = (page: Page) => page.getByRole('button', { name: /^Import( \d+ files)?$/ }).click()

/** Slows uploads down to `bytes` a second. */
async function slowDown(page: Page, bytes: number): Promise<void> {
  const client = await page.context().newCDPSession(page)
  await client.send('Network.enable')
  await client.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: 0,
    downloadThroughput: -1,
    uploadThroughput: bytes
  })
}

const manyUsers = (count: number) => [
  'username,email',
  ...Array.from({ length: count }, (_, index) => `user${index},user${index}@example.com`)
]

t.test('a set with errors: counts, lines, and the report as a file', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  const { page, complaints } = await openPage(await openBrowser(t), url)
  await page.goto('/dashboard/imports')
  await choose(page, [
    file('b.csv', ['original_url,user_id', 'https://example.com/<b>,7', '=nowhere,7']),
    file('a.csv', ['id;username;email', '7;ada;ada@example.com', '8;;no'])
  ])
  await page.getByRole('listitem').first().getByText('a.csv').waitFor()
  await submit(page)
  await page.getByText('2 rows were rejected; the others are stored.').waitFor()
  await page.getByRole('row', { name: /3 Users Error/ }).waitFor()
  await page.getByRole('row', { name: /3 Links Error original_url/ }).waitFor()
  t.match((await request('GET', '/urls')).json, [{ original_url: 'https://example.com/<b>', user_id: 7 }])
  const [saved] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Download the report' }).click()
  ])
  t.match(await readFile(await saved.path(), 'utf8'), /^file,line,kind,reason\n"users","3","error","/)

  await page.getByRole('link', { name: 'Users', exact: true }).click()
  await page.getByRole('row').filter({ hasText: 'ada@example.com' }).waitFor()
  await page.getByRole('link', { name: 'Import and export' }).click()
  await page.getByText('2 rows were rejected').waitFor()
  await page.getByRole('button', { name: 'Import more' }).click()
  await page.getByText('Drop CSV or JSON files here').waitFor()
  t.equal(await page.getByRole('listitem').count(), 0)
  t.same(complaints, [])
})

t.test('1,000 errors are listed, and the others counted', browserTest, async (t) => {
  const { url } = await startApp(t)
  const { page, complaints } = await openPage(await openBrowser(t), url)
  await page.goto('/dashboard/imports')
  await choose(page, file('users.csv', ['username,email', ...Array.from({ length: 1_234 }, () => ',')]))
  await submit(page)
  await page.getByText('1,234 rows were rejected').waitFor()
  await page.getByText('234 more rejected rows are not listed.').waitFor()
  const rows = page.locator('.is-remarks tbody tr')
  t.ok((await rows.count()) < 1_000, 'not all at once')
  await until(async () => {
    await page.mouse.wheel(0, 20_000)
    return (await rows.count()) === 1_000
  })
  t.same(complaints, [])
})

t.test(
  'conflicts: the import leaves rows out, stops with their lines, or gives new ids',
  browserTest,
  async (t) => {
    const { url, request } = await startApp(t)
    await request('POST', '/users', { json: { username: 'first', email: 'first@example.com' } })
    const { page, complaints } = await openPage(await openBrowser(t), url, { expects: /409/ })
    await page.goto('/dashboard/imports')
    await choose(page, file('users.csv', ['id,username,email', '1,second,second@example.com']))
    await submit(page)
    await page.getByText('1 row was left out, because another row has its id.').waitFor()
    await page.getByRole('button', { name: 'Import more' }).click()
    await choose(page, file('users.csv', ['id,username,email', '1,second,second@example.com']))
    await page.getByLabel('Rows whose id another row has').selectOption({ label: 'Stop the import' })
    await submit(page)
    await page.getByRole('row', { name: /^2 Error/ }).waitFor()
    await page.getByLabel('Rows whose id another row has').selectOption({ label: 'Give a new id' })
    await submit(page)
    await page.getByText('Everything is imported.').waitFor()
    t.match((await request('GET', '/users')).json, [{ username: 'first' }, { username: 'second' }])
    t.same(complaints, [])
  }
)

t.test('a cancelled upload ends, and a new one goes on', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  const { page, complaints } = await openPage(await openBrowser(t), url, { expects: /ERR_ABORTED/ })
  await page.goto('/dashboard/imports')
  await choose(page, file('users.csv', manyUsers(20_000)))
  await slowDown(page, 100_000)
  await submit(page)
  await page.getByRole('progressbar').waitFor()
  await until(async () => Number(await page.getByRole('progressbar').getAttribute('value')) > 0)
  await page.getByRole('link', { name: 'Links', exact: true }).click()
  await page.getByRole('heading', { name: 'Links', exact: true }).waitFor()
  await page.goBack()
  await page.getByRole('button', { name: 'Cancel the upload' }).click()
  await page.getByText('The upload was cancelled.').waitFor()
  await slowDown(page, -1)
  await submit(page)
  await page.getByText('Everything is imported.').waitFor()
  t.equal((await request('GET', '/users?per_page=1')).headers.get('x-total-count'), '20000')
  t.same(complaints, [])
})

t.test('leaving the page during an upload asks first', browserTest, async (t) => {
  const { url } = await startApp(t)
  const { page } = await openPage(await openBrowser(t), url)
  await page.goto('/dashboard/imports')
  const asked: string[] = []
  page.on('dialog', (dialog) => {
    asked.push(dialog.type())
    void dialog.dismiss()
  })
  await choose(page, file('users.csv', manyUsers(20_000)))
  await slowDown(page, 50_000)
  await submit(page)
  await page.getByRole('progressbar').waitFor()
  await page.evaluate('location.reload()')
  await until(async () => asked.length === 1)
  t.same(asked, ['beforeunload'])
  await page.getByRole('button', { name: 'Cancel the upload' }).click()
  await page.getByText('The upload was cancelled.').waitFor()
  await page.reload()
  await page.getByText('Drop CSV or JSON files here').waitFor()
  t.same(asked, ['beforeunload'], 'afterwards nothing asks')
})

t.test('a server that goes away during an upload keeps the choice', browserTest, async (t) => {
  const { app, url } = await startApp(t)
  const { page, complaints } = await openPage(await openBrowser(t), url, { expects: /ERR_/ })
  await page.goto('/dashboard/imports')
  await choose(page, file('users.csv', manyUsers(20_000)))
  await slowDown(page, 100_000)
  await submit(page)
  await until(async () => Number(await page.getByRole('progressbar').getAttribute('value')) > 0)
  // The server stops listening, so that the browser's own retry fails too.
  app.server.close()
  app.server.closeAllConnections()
  await page.getByText('The server does not answer. Check the connection').waitFor()
  await page.getByRole('listitem').getByText('users.csv').waitFor()
  await slowDown(page, -1)
  const { port } = new URL(url)
  await new Promise<void>((done) => app.server.listen({ port: Number(port), host: '127.0.0.1' }, done))
  await submit(page)
  await page.getByText('Everything is imported.').waitFor()
  t.same(complaints, [])
})

t.test('a file that is too large is refused before it is sent', browserTest, async (t) => {
  const { url } = await startApp(t, { env: { BULK_LIMIT_BYTES: '1000000' } })
  const { page, complaints } = await openPage(await openBrowser(t), url, { expects: /413/ })
  const sent: string[] = []
  page.on('request', (request) => {
    if (request.method() === 'POST') sent.push(request.url())
  })
  await page.goto('/dashboard/imports')
  await choose(page, file('users.csv', manyUsers(40_000)))
  await page.getByText(/users\.csv.? has 1\.3 MB; this server takes 1 MB at most/).waitFor()
  t.equal(await page.getByRole('button', { name: 'Import', exact: true }).count(), 0)
  t.same(sent, [])

  // A replica with a lower limit than the one that served the page.
  await page.route('**/dashboard/imports', async (route) => {
    const answer = await route.fetch()
    const body = (await answer.text()).replace('data-limit="1000000"', 'data-limit="9000000"')
    await route.fulfill({ response: answer, body })
  })
  await page.reload()
  await choose(page, file('users.csv', manyUsers(40_000)))
  await submit(page)
  await page.getByText('The file is larger than this server takes').waitFor()
  await page.getByRole('listitem').getByText('users.csv').waitFor()
  t.same(complaints, [])
})

t.test('JSON: one array, a set of arrays, and no mixture with CSV', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  const { page, complaints } = await openPage(await openBrowser(t), url)
  const json = (name: string, rows: unknown) => ({
    name,
    mimeType: 'application/json',
    buffer: Buffer.from(JSON.stringify(rows))
  })
  await page.goto('/dashboard/imports')
  await choose(page, json('list.json', [{ username: 'ada', email: 'ada@example.com', id: 7 }]))
  await submit(page)
  await page.getByText('Everything is imported.').waitFor()
  t.match((await request('GET', '/users')).json, [{ id: 7, username: 'ada' }])

  await page.getByRole('button', { name: 'Import more' }).click()
  const links = [{ original_url: 'https://example.com/json', user_id: 8 }, { original_url: 'nowhere' }]
  await choose(page, [
    json('links.json', links),
    json('people.json', [{ username: 'bob', email: 'bob@example.com', id: 8 }]),
    file('events.csv', ['url_id,event_type', '1,click'])
  ])
  await page.getByText(/events\.csv.? is left out: .* one format/).waitFor()
  await submit(page)
  await page.getByText('1 row was rejected; the others are stored.').waitFor()
  await page.getByRole('row', { name: /2 Links Error original_url/ }).waitFor()
  t.match((await request('GET', '/urls')).json, [{ original_url: 'https://example.com/json', user_id: 8 }])

  await page.getByRole('button', { name: 'Import more' }).click()
  await choose(page, json('large.json', ['x'.repeat(17 * 2 ** 20)]))
  await page.getByText(/large\.json.? has 17\.8 MB; a JSON file has 16\.8 MB at most/).waitFor()
  t.same(complaints, [])
})

t.test('files that can not be imported say why', browserTest, async (t) => {
  const { url } = await startApp(t)
  const { page, complaints } = await openPage(await openBrowser(t), url, { expects: /422|ERR_/ })
  await page.goto('/dashboard/imports')
  await choose(page, [file('one.csv', ['username,email', 'a,a@b.c']), file('two.csv', ['email,username'])])
  await page.getByText(/two\.csv.? is left out: there is one file of each kind/).waitFor()
  await choose(page, { name: 'empty.csv', mimeType: 'text/csv', buffer: Buffer.alloc(0) })
  await page.getByText(/empty\.csv.? is empty/).waitFor()
  await page.getByLabel('Content of one.csv').selectOption({ label: 'Events' })
  await submit(page)
  await page.getByText('url_id is required in the header').waitFor()

  const path = join(await makeFolder(t), 'gone.csv')
  await writeFile(path, 'username,email\n')
  await choose(page, path)
  await page.getByRole('listitem').getByText('gone.csv').waitFor()
  for (const name of await page.getByRole('button', { name: /^Leave out/ }).all())
    if (!(await name.getAttribute('aria-label'))?.includes('gone')) await name.click()
  await rm(path)
  await submit(page)
  await page.getByText('A file was changed or removed during the upload').waitFor()
  t.same(complaints, [])
})

t.test('names of files are shown as text, and break no layout', browserTest, async (t) => {
  const { url } = await startApp(t)
  const { page, complaints } = await openPage(await openBrowser(t), url, {
    viewport: { width: 360, height: 740 }
  })
  await page.goto('/dashboard/imports')
  await page.locator('.drop').waitFor()
  const names = [
    '<img src=x onerror=alert(1)>.csv',
    '\u202Evsc.exe',
    `${'x'.repeat(10_000)}.csv`,
    '👩‍👩‍👧‍👦'.repeat(50)
  ]
  const faults: string[] = []
  for (const name of names) {
    await page.evaluate(`{
      const dataTransfer = new DataTransfer()
      for (const text of ['username,email\\n', ''])
        dataTransfer.items.add(new File(text ? [text] : [], ${JSON.stringify(name)}))
      const init = { dataTransfer, bubbles: true, cancelable: true }
      for (const type of ['dragover', 'drop']) document.querySelector('.drop').dispatchEvent(new DragEvent(type, init))
    }`)
    const plain = name.replace('\u202E', '').slice(0, 4)
    await page.locator('.chosen-name').getByText(plain).waitFor()
    await page.locator('.import .note').getByText(plain).waitFor()
    const wide = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
    if (Number(wide) > 0) faults.push(`${plain}: ${wide} px too wide`)
    if ((await page.locator('.import').innerText()).includes('\u202E')) faults.push(`${plain}: turned`)
  }
  t.same(faults, [])
  t.same(complaints, [])
})

t.test('by keyboard: the button opens the choice, and the import starts', browserTest, async (t) => {
  const { url } = await startApp(t)
  const { page, complaints } = await openPage(await openBrowser(t), url)
  await page.goto('/dashboard/imports')
  // The browser opens its own dialog until the listener has reached the page; the focus comes after it.
  const opened = page.waitForEvent('filechooser')
  await page.getByLabel('Choose files').focus()
  await page.keyboard.press('Enter')
  await (await opened).setFiles(file('users.csv', manyUsers(1)))
  const button = page.getByRole('button', { name: 'Import', exact: true })
  await button.waitFor()
  await button.focus()
  await page.keyboard.press('Enter')
  await page.getByText('Everything is imported.').waitFor()
  t.equal(await page.evaluate('document.activeElement.textContent'), 'Import', 'the focus is at the result')
  t.same(complaints, [])
})

t.test('exports are downloads, also for spreadsheets', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  await request('POST', '/users', { json: { username: '=1+1', email: 'ada@example.com' } })
  const { page, complaints } = await openPage(await openBrowser(t), url)
  await page.goto('/dashboard/imports')
  const save = async (name: string) => {
    const [saved] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name }).click()
    ])
    return { name: saved.suggestedFilename(), text: await readFile(await saved.path(), 'utf8') }
  }
  t.same(await save('Users as CSV'), { name: 'users.csv', text: (await request('GET', '/users/bulk')).text })
  await page.getByRole('switch', { name: 'For a spreadsheet' }).check()
  t.match(await save('Users as CSV'), { name: 'users.csv', text: /'=1\+1/ })
  await page.goto('/dashboard/users')
  t.match(await save('Download all data of =1+1'), { name: 'user-1.json', text: /"username":"=1\+1"/ })
  t.same(complaints, [])
})

t.test('the page names the columns that the server reads', async (t) => {
  const { app } = await startApp(t)
  for (const name of KIND_NAMES) {
    const { columns } = app.imports.kinds[name]
    const named = (isRequired: boolean) =>
      columns.filter((column) => (column.isRequired === true) === isRequired).map((column) => column.name)
    t.same([...KINDS[name].required].sort(), named(true).sort())
    t.same([...KINDS[name].optional].sort(), named(false).sort())
  }
})
