import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { sendLoad } from '#ops/stack/clients.ts'

/**
 * Clients that follow and create links through a proxy until SIGTERM. Each pauses between two requests
 * (milliseconds, on average), so the load is steady and below the machine's limit. Then prints the answers,
 * and exits with 1 when a request failed.
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
// After too many failures the clients stop, and nothing else keeps the process alive.
const life = setInterval(() => undefined, 60_000)
await once(process, 'SIGTERM')
clearInterval(life)
await load.stop()
console.log(JSON.stringify(load))
process.exitCode = load.failures.length > 0 ? 1 : 0
