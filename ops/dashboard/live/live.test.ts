import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { buildDashboard } from '#ops/dashboard/build.ts'
import { startApp } from '#testing/app.ts'
import { browserTest, openBrowser, openPage } from '#testing/browser.ts'
import { makeFolder } from '#testing/folder.ts'
import { until } from '#testing/until.ts'
import { serveLive } from './serve.ts'

/** The dashboard while it is edited, with a small application in place of the real one. */

const PAGE = `<!doctype html>
<html lang="en" data-base="%BASE%">
<head>
<meta charset="utf-8">
<title>Live</title>
<link rel="icon" href="%BASE%/favicon.ico">
<link rel="apple-touch-icon" href="%BASE%/dashboard/assets/mask-512.png">
<script src="%BASE%/dashboard/assets/early.js"></script>
<link rel="stylesheet" href="%BASE%/dashboard/assets/main.css">
<script type="module" src="%BASE%/dashboard/assets/main.js"></script>
</head>
<body><p>empty</p></body>
</html>`

t.test('pages reload after a build, and show the errors of a failed one', browserTest, async (t) => {
  await buildDashboard()
  const source = await makeFolder(t)
  const write = (text: string, style = 'p { color: rgb(1, 2, 3) }') =>
    Promise.all([
      writeFile(
        join(source, 'main.ts'),
        `import './main.css'\ndocument.querySelector('p')!.textContent = ${text}`
      ),
      writeFile(join(source, 'main.css'), style)
    ])
  await writeFile(join(source, 'index.html'), PAGE)
  await writeFile(join(source, 'early.ts'), "document.documentElement.dataset['early'] = ''")
  await write("'one'")

  const { url: upstream } = await startApp(t)
  const lines: string[] = []
  const live = await serveLive({ source, upstream, port: 0, log: (line) => void lines.push(line) })
  t.teardown(live.close)
  const { page, complaints } = await openPage(await openBrowser(t), live.url)

  await page.goto('/dashboard/any/page')
  await page.getByText('one', { exact: true }).waitFor()
  await page.locator('html[data-early][data-auth=open]').waitFor({ state: 'attached' })
  await write("'two'")
  await page.getByText('two', { exact: true }).waitFor()
  await write("'three")
  await page.getByRole('alert').filter({ hasText: 'Unterminated string literal' }).waitFor()
  t.match(lines.at(-1), /Unterminated string literal/)
  await write("'four'", 'p { color: rgb(4, 5, 6) }')
  await page.getByText('four', { exact: true }).waitFor()
  t.equal(await page.getByRole('alert').count(), 0)
  await until(() => page.evaluate("getComputedStyle(document.querySelector('p')).color === 'rgb(4, 5, 6)'"))
  t.same(complaints, [], 'the policy of the server allows all of it')
})

t.test('everything else comes from the server', async (t) => {
  await buildDashboard()
  const source = await makeFolder(t)
  await writeFile(join(source, 'index.html'), PAGE)
  for (const name of ['main', 'early']) await writeFile(join(source, `${name}.ts`), 'export {}')
  const { url: upstream, close } = await startApp(t)
  const live = await serveLive({ source, upstream, port: 0, log: () => undefined })
  t.teardown(live.close)
  const created = await fetch(`${live.url}/urls`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ original_url: 'https://example.com/' })
  })
  t.equal(created.status, 201)
  t.equal((await fetch(`${live.url}/dashboard/assets/none.js`)).status, 404)
  t.equal((await fetch(`${live.url}//`)).status, (await fetch(`${upstream}//`)).status)
  const page = await (await fetch(`${live.url}/dashboard`)).text()
  const manifest = await (await fetch(`${live.url}/dashboard/manifest.webmanifest`)).text()
  const icons = [
    /[^"]+mask[^"]+/.exec(page)?.[0],
    ...[...manifest.matchAll(/"src":"([^"]+)/g)].map(([, path]) => path)
  ]
  t.equal(icons.length, 5)
  t.same(
    await Promise.all(icons.map(async (path) => (await fetch(live.url + path)).status)),
    icons.map(() => 200)
  )
  await close()
  const refused = await fetch(`${live.url}/urls`)
  t.equal(refused.status, 502)
  t.match(await refused.text(), 'Start the server')
})
