import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { sendLoad } from '#ops/stack/clients.ts'

/**
 * Clients that follow and create links through a proxy until SIGTERM, with a pause (milliseconds, on average) between two
 * requests: steady, not as much as the machine bears. Then prints what they were given, and exits with 1 when a request failed.
 *
 *   node ops/compose/steady-load.ts --url http://127.0.0.1:3000 --followers 20 --creators 4 --key KEY
 */

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:3000' },
    followers: { type: 'string', default: '20' },
    creators: { type: 'string', default: '4' },
    pause: { type: 'string', default: '50' },
    key: { type: 'string', default: '' }
  }
})
const { url, key } = values
const load = await sendLoad(url, {
  followers: Number(values.followers),
  creators: Number(values.creators),
  changers: 0,
  thinkMs: Number(values.pause),
  key
})
// Where too much failed nobody asks any more, and nothing else keeps the process.
const life = setInterval(() => undefined, 60_000)
await once(process, 'SIGTERM')
clearInterval(life)
await load.stop()
console.log(JSON.stringify(load))
process.exitCode = load.failures.length > 0 ? 1 : 0
