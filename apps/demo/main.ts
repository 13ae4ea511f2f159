import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import { readCommandLine, refuse } from '#apps/command-line.ts'
import { serve } from '#apps/run.ts'
import { refuseExposure } from '#apps/server/exposure.ts'
import { lockFolder } from '#platform/database/folder-lock.ts'
import { setClock } from './clock.ts'
import { DAYS, fillDemo } from './fill.ts'
import { LINKS } from './links.ts'

/** `npm run demo`: a server with links and statistics, in a folder of its own. */

const DAY_MS = 86_400_000

const { values } = readCommandLine({
  name: 'npm run demo --',
  summary: `Serves ${LINKS} links with ${DAYS} days of clicks, from a folder of its own. A later start keeps what was changed.`,
  options: {
    fresh: { type: 'boolean', default: false, help: 'Deletes the folder and makes a new demo' },
    folder: { type: 'string', value: 'DIR', default: 'data-demo', help: 'Folder of the demo' },
    date: {
      type: 'string',
      value: 'DATE',
      help: 'First day of the clock, such as 2026-06-18; today when not given'
    }
  }
})

/** The file that marks the folder of a demo. It has the last day of its clicks once they are complete. */
const MARK = 'demo.json'
const folder = resolve(values.folder)
const now = values.date === undefined ? Date.now() : Date.parse(`${values.date}T14:20:00Z`)
if (Number.isNaN(now)) refuse('--date takes a date such as 2026-06-18')

if (values.fresh || (await readMade()) === null) await make()
const age = Math.floor((now - ((await readMade()) ?? now)) / DAY_MS)
if (age > 0) console.log(`The clicks end ${age} ${age === 1 ? 'day' : 'days'} ago: npm run demo -- --fresh`)
if (values.date !== undefined) setClock(now)

serve({
  app: {},
  settings: (env) => ({ LOG_LEVEL: 'warn', ...env, ...storage() }),
  check: refuseExposure,
  place: ({ server: { host, port } }) => ({ host, port, setting: 'PORT' }),
  announce({ server }) {
    const { port } = server.address() as AddressInfo
    console.log(`Demo: http://localhost:${port}/dashboard   Data: ${folder}   Stop: Ctrl+C`)
  }
})

/** The folder alone has the data of the demo, whatever the environment names. */
function storage(): Record<string, string> {
  const none = ['DATABASE_URL', 'DATABASE_READ_URL', 'REDIS_URL'].flatMap((name) => [name, `${name}_FILE`])
  return { ...Object.fromEntries(none.map((name) => [name, ''])), DATA_DIR: folder }
}

/** Returns when the demo was made; null if it is incomplete. */
async function readMade(): Promise<number | null> {
  try {
    return JSON.parse(await readFile(join(folder, MARK), 'utf8')).made
  } catch {
    return null
  }
}

function writeMade(made: number | null): Promise<void> {
  return writeFile(join(folder, MARK), JSON.stringify({ made }))
}

/** Makes the demo in a new folder, or in place of an earlier demo that no process uses. */
async function make(): Promise<void> {
  await mkdir(folder, { recursive: true })
  const names = await readdir(folder)
  if (names.length > 0 && !names.includes(MARK))
    refuse(`${folder} has other files than a demo; give another --folder`)
  const unlock = await lockFolder(folder)
  await unlock()
  await rm(folder, { recursive: true })
  await mkdir(folder)
  await writeMade(null)
  const begun = performance.now()
  console.log(`Making ${LINKS} links and ${DAYS} days of clicks in ${folder}`)
  await fillDemo(folder, now, (day) => {
    if (day % 30 === 0) console.log(`${day} of ${DAYS} days`)
  })
  await writeMade(now)
  console.log(`Made in ${Math.round((performance.now() - begun) / 1_000)} s`)
}
