// Does what a newcomer does: clones the project, runs `npm start`, shortens a link, follows it, stops the server, starts
// it again and finds the link there. Plain JavaScript for the system's own Node, as the newcomer has it.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const INSTALL_AND_START_MS = 240_000
const START_MS = 30_000

process.once('SIGTERM', () => process.exit(1))

const folder = mkdtempSync(join(tmpdir(), 'fairlead-newcomer-'))
const clone = join(folder, 'fairlead')
let passed = 0
let failed = 0

try {
  const source = join(dirname(fileURLToPath(import.meta.url)), '..')
  const { status } = spawnSync('git', ['clone', '--quiet', source, clone], { stdio: 'inherit' })
  check(status === 0, 'clones')

  const first = await start(INSTALL_AND_START_MS)
  console.log(`first start: ${first.seconds} s to listen, installation included`)
  const target = 'https://example.com/a?b=c#d'
  const answer = await fetch(`${first.url}/shorten`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ url: target })
  })
  const { short_code: code } = await answer.json()
  check(answer.status === 201 && /^[A-Za-z0-9]{6}$/.test(code), `shortens: ${answer.status}, ${code}`)
  check((await follow(first.url, code)) === target, 'follows')
  check(await first.stop(), 'closes in good order')

  const second = await start(START_MS)
  console.log(`second start: ${second.seconds} s to listen`)
  check((await follow(second.url, code)) === target, 'still follows after a restart')
  check(await second.stop(), 'closes in good order again')
} catch (error) {
  console.error(error)
  failed++
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed > 0 ? 1 : 0)

/** Runs `npm start` in the clone and waits until it says that it listens. */
function start(limitMs) {
  const began = performance.now()
  // biome-ignore lint/style/noProcessEnv: the server gets what the newcomer has
  const env = { ...process.env, PORT: '0' }
  const child = spawn('npm', ['start'], {
    cwd: clone,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const ended = new Promise((done) => child.once('close', done))
  let hasClosed = false
  // npm and the server are one process group: nothing of it may stay.
  const signal = (name) => {
    try {
      process.kill(-child.pid, name)
    } catch {}
  }
  process.once('exit', () => signal('SIGKILL'))
  return new Promise((done, fail) => {
    const limit = setTimeout(() => {
      signal('SIGKILL')
      fail(new Error(`npm start does not listen after ${limitMs} ms`))
    }, limitMs)
    void ended.then((code) => fail(new Error(`npm start ended with ${code}`)))
    createInterface({ input: child.stdout }).on('line', (line) => {
      const entry = parse(line)
      if (entry?.msg === 'closed') hasClosed = true
      if (entry?.msg !== 'listening') return
      clearTimeout(limit)
      done({
        url: entry.url,
        seconds: ((performance.now() - began) / 1_000).toFixed(1),
        stop: async () => {
          const impatience = setTimeout(() => signal('SIGKILL'), START_MS)
          signal('SIGTERM')
          await ended
          clearTimeout(impatience)
          return hasClosed
        }
      })
    })
  })
}

function parse(line) {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

async function follow(url, code) {
  const { status, headers } = await fetch(`${url}/${code}`, { redirect: 'manual' })
  return status === 302 ? headers.get('location') : `status ${status}`
}

function check(isGood, what) {
  console.log(`${isGood ? 'ok' : 'not ok'} - ${what}`)
  if (isGood) passed++
  else failed++
}
