import type { Page } from 'playwright-core'
import t from 'tap'
import { startApp } from '#testing/app.ts'
import { browserTest, openBrowser, openPage } from '#testing/browser.ts'
import { until } from '#testing/until.ts'

/** The main flows by the keyboard alone. Each control is found by what assistive technology has of it. */

const ADMIN = `fl_${'0'.repeat(16)}_${'A'.repeat(43)}`

type Role = 'secret' | 'button' | 'link' | 'textbox' | 'searchbox' | 'combobox'

/** Most presses of Tab from one control to the next. */
const MOST_TABS = 80

function keyboardOf(page: Page) {
  const press = (key: string) => page.keyboard.press(key)
  const type = (text: string) => page.keyboard.type(text)

  /** Moves on by Tab to the control, from where the focus is. Its focus must be visible. */
  async function tabTo(role: Role, name: string | RegExp, key = 'Tab'): Promise<void> {
    const isExact = typeof name === 'string'
    // A field for secrets has no role (HTML-AAM).
    const found =
      role === 'secret'
        ? page.getByLabel(name, { exact: isExact })
        : page.getByRole(role, { name, exact: isExact })
    const control = found.first()
    await control.waitFor()
    for (let presses = 0; presses < MOST_TABS; presses++) {
      await press(key)
      if ((await control.and(page.locator(':focus')).count()) === 0) continue
      const isVisible = await page.evaluate(
        `[document.activeElement, document.activeElement.closest('form, label')].some((one) => {
          if (one === null) return false
          const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one)
          return (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none'
        })`
      )
      if (!isVisible) throw new Error(`the focus of ${role} ${name} is invisible`)
      return
    }
    throw new Error(`${MOST_TABS} presses of ${key} do not reach ${role} ${name}`)
  }

  /** Waits until the element with the focus has this name or text. */
  const isAt = (name: RegExp) =>
    until(
      () =>
        page.evaluate(
          `document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent`
        ),
      (text) => name.test(String(text))
    )

  /** The dialog has the focus, and after `close` the page has it again. */
  async function leave(close: () => Promise<void>): Promise<void> {
    await close()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await until(
      () => page.evaluate('document.activeElement.localName') as Promise<string>,
      (name) => name !== 'body'
    )
  }
  return { press, type, tabTo, isAt, leave }
}

t.test('links: sign in, shorten, copy, find, edit, delete, undo, open', browserTest, async (t) => {
  const { url, request } = await startApp(t, { env: { AUTH: 'keys', ADMIN_KEY: ADMIN } })
  const admin = async (path: string) =>
    (await request('GET', path, { headers: { authorization: `Bearer ${ADMIN}` } })).json
  const { page, complaints } = await openPage(await openBrowser(t), url, { expects: /401/ })
  const { press, type, tabTo, isAt, leave } = keyboardOf(page)
  await page.goto('/dashboard')
  await tabTo('secret', 'API key')
  await type(ADMIN)
  await press('Enter')
  await page.getByText('No links yet').waitFor()

  await press('n')
  await page.keyboard.insertText('https://example.com/first\nhttps://example.com/second')
  await press('Enter')
  await tabTo('button', 'Copy')
  await press('Enter')
  await page.getByText('2 links', { exact: true }).waitFor()
  const [first, second] = await admin('/urls')
  t.equal(await page.evaluate('navigator.clipboard.readText()'), second.short_url)

  await press('/')
  await type('example.com')
  await page.waitForURL(/q=example/)
  await tabTo('button', `Edit ${second.short_code}`)
  await press('Enter')
  await tabTo('textbox', /^Title/)
  await type('Second')
  await leave(() => press('Enter'))
  await page.getByText('Changes saved').waitFor()
  await isAt(new RegExp(`Edit ${second.short_code}`))
  await press('Enter')
  await page.getByRole('dialog').waitFor()
  await leave(() => press('Escape'))
  await isAt(new RegExp(`Edit ${second.short_code}`))

  await tabTo('button', `Delete ${second.short_code}`)
  await press('Enter')
  await page.getByText(`${second.short_code} is deleted`).waitFor()
  await isAt(new RegExp(`Delete ${first.short_code}`))
  await tabTo('button', 'Undo')
  await press('Enter')
  await page.getByText(/is back/).waitFor()
  t.equal((await admin('/urls')).length, 2)

  await press('l')
  await tabTo('link', second.short_code)
  await press('Enter')
  await page.getByRole('heading', { name: 'Statistics' }).waitFor()
  await tabTo('combobox', 'Period')
  await press('ArrowUp')
  await page.waitForURL(/period=7d/)
  t.equal(await page.getByRole('combobox', { name: 'Period' }).inputValue(), '7d')
  t.same(complaints, [])
})

t.test('administration: create a user, create and copy a key, block a host', browserTest, async (t) => {
  const { url, request } = await startApp(t)
  const { page, complaints } = await openPage(await openBrowser(t), url)
  const { press, type, tabTo, isAt, leave } = keyboardOf(page)
  await page.goto('/dashboard')
  await tabTo('link', 'Administration')
  await press('Enter')
  await tabTo('link', 'Users')
  await press('Enter')
  await tabTo('button', 'New user')
  await press('Enter')
  await tabTo('textbox', 'Name')
  await type('anna')
  await tabTo('textbox', 'Email')
  await type('anna@example.com')
  await leave(() => press('Enter'))
  await isAt(/New user/)
  await page.getByRole('rowheader', { name: 'anna' }).waitFor()

  await tabTo('link', 'Keys', 'Shift+Tab')
  await press('Enter')
  await tabTo('button', 'New key')
  await press('Enter')
  await tabTo('textbox', 'Name')
  await type('deploy script')
  await tabTo('combobox', 'Role')
  await type('Read')
  await tabTo('textbox', 'Name', 'Shift+Tab')
  await press('Enter')
  await tabTo('button', 'Copy the secret')
  await press('Enter')
  await page.getByRole('button', { name: 'Copied' }).waitFor()
  t.match(await page.evaluate('navigator.clipboard.readText()'), /^fl_[0-9a-f]{16}_/)
  await tabTo('button', 'It is stored safely', 'Shift+Tab')
  await leave(() => press('Enter'))

  await tabTo('link', 'Blocked hosts', 'Shift+Tab')
  await press('Enter')
  await tabTo('textbox', 'Host')
  await type('bad.example')
  await press('Enter')
  await page.getByRole('rowheader', { name: 'bad.example' }).waitFor()
  await tabTo('button', 'Unblock bad.example')
  await press('Enter')
  await tabTo('button', 'Unblock')
  await leave(() => press('Enter'))
  await page.getByText('No host is blocked').waitFor()
  t.same((await request('GET', '/blocked-hosts')).json, [])
  t.same(complaints, [])
})
