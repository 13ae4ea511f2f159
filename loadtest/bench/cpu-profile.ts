import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Reads a profile of `node --cpu-prof` and formats the time by area and by function. */

interface Node {
  id: number
  callFrame: { functionName: string; url: string; lineNumber: number }
}

interface Profile {
  nodes: Node[]
  samples: number[]
  timeDeltas: number[]
}

/** The first pattern that matches the file's address, or the function's name if there is no file. */
const AREAS: [area: string, pattern: RegExp][] = [
  ['redirects', /plugins\/redirects\//],
  ['cache', /plugins\/platform\/cache\//],
  ['clicks: storing', /plugins\/(platform\/queue\/(log-)?consumer|events\/|stats\/)/],
  ['clicks: taking and sending', /plugins\/(clicks|platform\/queue)\//],
  ['metrics client', /@prometheus-io|fastify-metrics/],
  ['Redis client', /ioredis|@ioredis|redis-parser|denque/],
  ['PostgreSQL client', /node_modules\/(pg|drizzle-orm|pg-[a-z]+|postgres-[a-z]+)\//],
  ['Fastify and its router', /node_modules\/(fastify|find-my-way|avvio|fast-[a-z-]+)\//],
  ['other of this tree', /\/(plugins|apps|schema)\//],
  ['node: http and streams', /^node:(_http|internal\/http|http|stream|internal\/streams|_stream)/],
  ['node: sockets', /^node:(net|internal\/stream_base|internal\/net)/],
  ['node: the rest', /^node:/],
  ['garbage collector', /^\(garbage collector\)$/],
  ['native code (mostly system calls)', /^\(program\)$|^writev?$|^\w+$/]
]

/** Returns the lines of the tables from the one profile in `folder`, without idle time. */
export async function formatProfile(folder: string): Promise<string[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.cpuprofile')).sort()
  const file = files.at(-1)
  if (file === undefined) throw new Error(`There is no profile in ${folder}`)
  const profile = JSON.parse(await readFile(join(folder, file), 'utf8')) as Profile
  const own = new Map<number, number>()
  for (const [index, id] of profile.samples.entries()) {
    own.set(id, (own.get(id) ?? 0) + (profile.timeDeltas[index] ?? 0))
  }
  const areas = new Map<string, number>()
  const functions = new Map<string, number>()
  let busy = 0
  for (const { id, callFrame } of profile.nodes) {
    const micros = own.get(id) ?? 0
    if (callFrame.functionName === '(idle)' || micros === 0) continue
    busy += micros
    const place = callFrame.url || callFrame.functionName
    const area = AREAS.find(([, pattern]) => pattern.test(place))?.[0] ?? 'anything else'
    const short = callFrame.url.replace(/^.*\/(node_modules|plugins|apps)\//, '$1/')
    const name = `${callFrame.functionName || '(anonymous)'} ${short}:${callFrame.lineNumber + 1}`
    areas.set(area, (areas.get(area) ?? 0) + micros)
    functions.set(name, (functions.get(name) ?? 0) + micros)
  }
  const table = (map: Map<string, number>, most: number) =>
    [...map]
      .sort(([, one], [, other]) => other - one)
      .slice(0, most)
      .map(([name, micros]) => `${((micros / busy) * 100).toFixed(1).padStart(6)} %  ${name}`)
  return ['by area', ...table(areas, 20), '', 'by function', ...table(functions, 40)]
}
