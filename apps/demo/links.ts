import { createRandom, type Random } from './random.ts'

/** The users and links of the demo, as an import takes them. All names are of example domains (RFC 2606). */

export const LINKS = 300

const DAY_MS = 86_400_000
const SEED = 2_026

export interface DemoLink {
  id: number
  user_id: number
  short_code: string
  original_url: string
  title: string | null
  note: string | null
  created_at: string
  updated_at: string
  expires_at: string | null
  expired_url: string | null
  utm: { source: string; campaign: string } | null
  tags: string[]
  aliases: string[]
}

export interface DemoUser {
  id: number
  username: string
  email: string
  created_at: string
}

/** What a link is for: the host, how its address and title are made, and its tag. */
const KINDS = [
  {
    host: 'shop.example.com',
    area: 'collections',
    tag: 'shop',
    title: (topic: string, season: string) => `${season} sale: ${topic}`,
    topics: ['Running shoes', 'Rain jackets', 'Backpacks', 'Camping stoves', 'Merino socks', 'Trail maps']
  },
  {
    host: 'www.example.com',
    area: 'blog',
    tag: 'blog',
    title: (topic: string) => topic,
    topics: [
      'How we cut build times in half',
      'A field guide to short links',
      'What a good status page says',
      'Notes from our first year',
      'Choosing a queue',
      'Writing release notes people read'
    ]
  },
  {
    host: 'events.example.org',
    area: 'register',
    tag: 'events',
    title: (topic: string, season: string) => `${topic}, ${season.toLowerCase()} session`,
    topics: ['Open house', 'Accessibility workshop', 'Webinar: zero-downtime deploys', 'Community call']
  },
  {
    host: 'docs.example.net',
    area: 'guides',
    tag: 'docs',
    title: (topic: string) => `Guide: ${topic}`,
    topics: ['Getting started', 'Single sign-on', 'Importing contacts', 'Webhooks', 'Backups', 'API keys']
  },
  {
    host: 'news.example.org',
    area: 'issues',
    tag: 'news',
    title: (topic: string, season: string) => `${topic} – ${season.toLowerCase()} issue`,
    topics: ['Product newsletter', 'Press kit', 'Annual report', 'Customer stories']
  },
  {
    host: 'help.example.com',
    area: 'articles',
    tag: 'help',
    title: (topic: string) => topic,
    topics: ['Track a parcel', 'Return an item', 'Change an invoice', 'Contact us', 'Opening hours']
  }
] as const

const SEASONS = ['Spring', 'Summer', 'Autumn', 'Winter'] as const
const CHANNELS = ['newsletter', 'poster', 'social', 'packaging', 'partner', 'email'] as const
const NAMES = ['amira', 'benno', 'chiara', 'dmitri', 'elif', 'frances', 'goran', 'hana'] as const
/** Codes that people chose. The others are of the length that the server gives. */
const CHOSEN = ['start', 'sale', 'jobs', 'press', 'status-page', 'open-house', 'newsletter', 'returns']
const LETTERS = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'

/** The form of times on the wire. */
const format = (time: number) => new Date(time).toISOString().slice(0, 19)

/** Colours of tags; the others have none. */
export const COLORS = {
  shop: '#b4532a',
  blog: '#2f6f4f',
  events: '#6b4fa0',
  docs: '#2563a8',
  news: '#a3427a',
  print: '#6b7280'
} as const

export function makeUsers(now: number): DemoUser[] {
  return NAMES.map((username, index) => ({
    id: index + 1,
    username,
    email: `${username}@example.com`,
    created_at: format(now - (420 - index * 21) * DAY_MS)
  }))
}

/** Makes the links, oldest first. Those with an end in the past were open until then. */
export function makeLinks(now: number): DemoLink[] {
  const random = createRandom(SEED)
  const ages = Array.from({ length: LINKS }, () => 0.2 + 320 * random.next() ** 1.6).sort((a, b) => b - a)
  return ages.map((age, index) => makeLink(random, index + 1, now, now - age * DAY_MS))
}

function makeLink(random: Random, id: number, now: number, createdAt: number): DemoLink {
  const kind = random.pick(KINDS)
  const topic = random.pick(kind.topics)
  const season = SEASONS[Math.floor(new Date(createdAt).getUTCMonth() / 3)] ?? 'Spring'
  const slug = topic.toLowerCase().replace(/[^a-z]+/g, '-')
  const channel = random.pick(CHANNELS)
  const campaign = season.toLowerCase()
  const utm = random.next() < 0.55 ? { source: channel, campaign } : null
  const expiresAt = chooseEnd(random, now, createdAt)
  const created_at = format(createdAt)
  const chosen = id % 31 === 0 ? CHOSEN[Math.floor(id / 31)] : undefined
  const isPrinted = channel === 'poster' || channel === 'packaging'
  return {
    id,
    user_id: 1 + Math.floor(NAMES.length * random.next() ** 1.5),
    short_code: chosen ?? Array.from({ length: 6 }, () => random.pick([...LETTERS])).join(''),
    original_url: `https://${kind.host}/${kind.area}/${slug}`,
    title: random.next() < 0.86 ? kind.title(topic, season) : null,
    note: random.next() < 0.12 ? `Printed on the ${channel} material; keep the target alive.` : null,
    created_at,
    updated_at: created_at,
    expires_at: expiresAt === null ? null : format(expiresAt),
    expired_url: expiresAt === null || id % 3 > 0 ? null : `https://${kind.host}/`,
    utm,
    tags: [kind.tag, campaign, ...(isPrinted ? ['print'] : [])],
    aliases: chosen === undefined ? [] : [`${chosen}-print`]
  }
}

/** About one link in eight has expired, and one in sixteen will. */
function chooseEnd(random: Random, now: number, createdAt: number): number | null {
  const chance = random.next()
  const share = 0.35 + 0.6 * random.next()
  if (chance < 0.13) return createdAt + (now - createdAt) * share
  return chance < 0.19 ? now + share * 60 * DAY_MS : null
}
