import type { DemoLink } from './links.ts'
import { createRandom, type Random, weigh } from './random.ts'

/** The visits of one day: which link, when, from which address, by which browser, and from where. */

export interface Visit {
  code: string
  at: number
  ip: string
  userAgent: string
  referrer: string | undefined
  /** The name that a trusted proxy gives to a visit, as nginx does; it carries the time. */
  name: string
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const PEOPLE = 1_100
/** From Sunday. */
const WEEKDAYS = [0.5, 1, 1.08, 1.06, 1, 0.92, 0.58] as const
/** By UTC hour: most visits are in the European working day. */
const HOURS = [3, 2, 1, 1, 2, 4, 9, 16, 24, 28, 27, 25, 24, 26, 27, 25, 21, 18, 17, 18, 16, 12, 8, 5] as const

const BROWSERS = [
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
    30
  ],
  [
    'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Mobile Safari/537.36',
    26
  ],
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36',
    22
  ],
  [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15',
    12
  ],
  ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 6],
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0',
    4
  ]
] as const

const BOTS = [
  'Mozilla/5.0 (compatible; ExampleBot/2.1; +https://bot.example/about)',
  'LinkPreview/1.4 (bot; https://chat.example)',
  'curl/8.14.1'
] as const

const REFERRERS = [
  [undefined, 44],
  ['https://search.example/', 18],
  ['https://social.example/', 14],
  ['https://mail.example/', 10],
  ['https://news.example.org/issues/this-week', 8],
  ['https://forum.example.net/t/short-links/128', 6]
] as const

/** Makes the visits of the UTC day that starts at `day`, up to `now`, oldest first. */
export function makeVisits(links: readonly DemoLink[], day: number, now: number): Visit[] {
  const random = createRandom(Math.floor(day / DAY_MS))
  const daysAgo = Math.floor((now - day) / DAY_MS)
  const open = links.filter(({ created_at, expires_at }) => isOpen(created_at, expires_at, day))
  const pickLink = weigh(
    random,
    open.map((link) => [link, weightOf(link, day, daysAgo)] as const)
  )
  const pickHour = weigh(
    random,
    HOURS.map((weight, hour) => [hour, weight] as const)
  )
  const pickBrowser = weigh(random, BROWSERS)
  const pickReferrer = weigh(random, REFERRERS)
  const weekday = WEEKDAYS[new Date(day).getUTCDay()] ?? 1
  const count = Math.round((330 - 1.6 * daysAgo) * weekday * (0.9 + 0.2 * random.next()) * launch(daysAgo))
  return Array.from({ length: count }, (): Visit => {
    const at = day + pickHour() * HOUR_MS + random.below(HOUR_MS)
    const isBot = random.next() < 0.11
    const person = Math.floor(PEOPLE * random.next() ** 2)
    return {
      code: pickLink().short_code,
      at,
      ip: isBot
        ? `192.0.2.${1 + random.below(9)}`
        : `2001:db8:${(person % 97).toString(16)}::${person.toString(16)}`,
      userAgent: isBot ? random.pick(BOTS) : pickBrowser(),
      referrer: isBot ? undefined : pickReferrer(),
      name: nameVisit(random, at)
    }
  })
    .filter(({ at }) => at <= now)
    .sort((one, other) => one.at - other.at)
}

/** True if the link redirects all day, so that no visit meets one that is not there yet or has expired. */
function isOpen(createdAt: string, expiresAt: string | null, day: number): boolean {
  const isCreated = Date.parse(`${createdAt}Z`) <= day
  return isCreated && (expiresAt === null || Date.parse(`${expiresAt}Z`) > day + DAY_MS)
}

/** A few links have most of the visits. New links are visited more, and one campaign began five weeks ago. */
function weightOf({ id, created_at, short_code }: DemoLink, day: number, daysAgo: number): number {
  const rank = (id * 7_919) % 307
  const age = (day - Date.parse(`${created_at}Z`)) / DAY_MS
  const campaign = short_code === 'sale' ? 0.3 * (launch(daysAgo) - 1) : 0
  return (0.4 + 1.6 * Math.exp(-age / 14)) / (rank + 4) ** 0.95 + campaign
}

/** The factor of a campaign: a peak 36 days ago that fades within a week. */
function launch(daysAgo: number): number {
  return daysAgo > 36 ? 1 : 1 + 1.3 * Math.exp((daysAgo - 36) / 3)
}

function nameVisit(random: Random, at: number): string {
  return `${Math.floor(at / 1_000)}.${String(at % 1_000).padStart(3, '0')}-${random.hex(32)}`
}
