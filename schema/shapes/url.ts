import { Warnings } from './answers.ts'
import { MAX_LOCATION_BYTES, toLocation } from './location.ts'
import { MAX_TAGS, TagName } from './tag.ts'
import { Id, Nullable, PLAIN_TEXT, Time } from './text.ts'
import { type Static, Type } from './type.ts'
import { Aliases, changeOptions, creationOptions, ShortCode } from './url-codes.ts'

/** Longest target that every browser, proxy and default header buffer accepts. */
export const MAX_URL_LENGTH = 2048

/** `format: target-url` is {@link isTargetUrl}. */
export const TargetUrl = Type.String({
  minLength: 1,
  maxLength: MAX_URL_LENGTH,
  format: 'target-url',
  examples: ['https://acme.dev/harbor/canyon/1']
})
const Title = Nullable(
  Type.String({ maxLength: 512, pattern: PLAIN_TEXT, examples: ['Campaign page harvest'] })
)
const ExpiresAt = Nullable(
  Type.String({
    format: 'wire-time',
    description: 'UTC; from then on the link answers 410',
    examples: ['2030-01-01T00:00:00']
  })
)

export const MAX_PASSWORD_LENGTH = 128

/** The statuses of a redirect (RFC 9110, section 15.4). */
export const REDIRECT_STATUSES = [301, 302, 307, 308] as const

const utmValue = Type.Optional(Nullable(Type.String({ minLength: 1, maxLength: 256, pattern: PLAIN_TEXT })))

const utmParts = <Part>(part: Part) => ({
  source: part,
  medium: part,
  campaign: part,
  term: part,
  content: part
})

const settableRules = {
  starts_at: Type.Optional(
    Nullable(
      Type.String({
        format: 'wire-time',
        description: 'UTC; until then the link answers 404',
        examples: ['2029-12-01T09:00:00']
      })
    )
  ),
  expired_url: Type.Optional(
    Nullable(
      Type.String({
        minLength: 1,
        maxLength: MAX_URL_LENGTH,
        format: 'target-url',
        description:
          'Where the link leads once it has expired or is used up; without it the link answers 410 then',
        examples: ['https://acme.dev/offers/over']
      })
    )
  ),
  redirect_status: Type.Optional(
    Nullable(
      Type.Unsafe<(typeof REDIRECT_STATUSES)[number]>({
        type: 'integer',
        enum: [...REDIRECT_STATUSES],
        description: 'The status of the redirect, by default 302'
      })
    )
  ),
  forward_query: Type.Optional(
    Nullable(
      Type.Boolean({
        description: 'Adds the query of a visit to the target, in place of parameters of the same name'
      })
    )
  ),
  utm: Type.Optional(
    Nullable(
      Type.Object(utmParts(utmValue), {
        additionalProperties: false,
        title: 'Utm',
        description: 'The UTM parameters of the target, without their prefix',
        examples: [{ source: 'newsletter', campaign: 'spring' }]
      })
    )
  ),
  password: Type.Optional(
    Nullable(
      Type.String({
        minLength: 4,
        maxLength: MAX_PASSWORD_LENGTH,
        pattern: PLAIN_TEXT,
        // A header cannot have outer spaces (RFC 9110, section 5.5).
        format: 'trimmed',
        writeOnly: true,
        description: 'What a visitor must enter; never shown again, `has_password` says whether there is one',
        examples: ['correct horse']
      })
    )
  ),
  max_visits: Type.Optional(
    Nullable(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000_000_000_000,
        description:
          'The number of redirects that the link gives; then it answers 410, or leads to `expired_url`. Visits count from the time at which a limit is set first',
        examples: [100]
      })
    )
  ),
  tags: Type.Optional(
    Nullable(
      Type.Array(TagName, {
        maxItems: MAX_TAGS,
        description: 'Stored trimmed, in lower case, each once and in order',
        examples: [['print', 'spring']]
      })
    )
  )
}

/** What a link does now. The first that applies, from the end. */
export const URL_STATES = [
  'active',
  'used_up',
  'expired',
  'scheduled',
  'inactive',
  'blocked',
  'deleted'
] as const

const Note = Nullable(
  Type.String({
    maxLength: 2_000,
    pattern: PLAIN_TEXT,
    description: 'For the people who manage the link; visitors never see it',
    examples: ['Printed on the spring leaflet']
  })
)

export const Url = Type.Object(
  {
    id: Id,
    user_id: Nullable(Id),
    short_code: Type.String({ examples: ['oWCnNk'] }),
    original_url: Type.String({ examples: ['https://acme.dev/harbor/canyon/1'] }),
    title: Nullable(Type.String({ examples: ['Campaign page harvest'] })),
    is_active: Type.Boolean(),
    created_at: Time,
    updated_at: Time,
    short_url: Type.String({ examples: ['https://sho.rt/oWCnNk'] }),
    expires_at: Nullable(Time),
    note: Nullable(Type.String()),
    starts_at: Nullable(Time),
    expired_url: Nullable(Type.String()),
    redirect_status: Type.Integer({ examples: [302] }),
    forward_query: Type.Boolean(),
    utm: Nullable(Type.Object(utmParts(Type.Optional(Type.String())))),
    has_password: Type.Boolean({ readOnly: true, description: 'True if visitors need a password' }),
    max_visits: Nullable(Type.Integer({ examples: [100] })),
    tags: Type.Array(Type.String(), { examples: [['print', 'spring']] }),
    aliases: Type.Array(Type.String(), {
      description: 'Other codes of the link',
      examples: [['spring-sale']]
    }),
    state: Type.Enum([...URL_STATES], { description: 'What the link does now', readOnly: true }),
    visits_left: Nullable(
      Type.Integer({ description: 'Redirects left of `max_visits`', readOnly: true, examples: [42] })
    ),
    warnings: Warnings
  },
  { title: 'Url' }
)
/** What a client may set in a new link, and change later. */
const settable = {
  title: Type.Optional(Title),
  original_url: Type.Optional(TargetUrl),
  is_active: Type.Optional(Type.Boolean()),
  expires_at: Type.Optional(ExpiresAt),
  note: Type.Optional(Note),
  ...settableRules,
  aliases: Type.Optional(Aliases)
}
export const UrlDraft = Type.Object(
  {
    user_id: Type.Optional(Nullable(Id)),
    short_code: Type.Optional(Nullable(ShortCode)),
    ...settable,
    original_url: TargetUrl,
    ...creationOptions
  },
  { title: 'UrlDraft' }
)
export const UrlChange = Type.Object(
  {
    ...settable,
    user_id: Type.Optional(
      Nullable({ ...Id, description: 'Another owner; only administrators transfer links' })
    ),
    short_code: Type.Optional(ShortCode),
    ...changeOptions
  },
  { title: 'UrlChange' }
)

/** A {@link UrlDraft} that may name its target `url`. */
export const ShortenDraft = Type.Object(
  {
    url: Type.Optional(TargetUrl),
    ...UrlDraft.properties,
    original_url: Type.Optional(TargetUrl)
  },
  { title: 'ShortenDraft' }
)

export type Url = Static<typeof Url>
export type UrlDraft = Static<typeof UrlDraft>
export type ShortenDraft = Static<typeof ShortenDraft>
export type UrlChange = Static<typeof UrlChange>

/**
 * True if `value` is an absolute URL (WHATWG URL Standard) of one of `schemes` that fits a Location header
 * unchanged. It has no white space, control characters or lone surrogates, which the parser would silently
 * drop. Encoded, it has at most {@link MAX_LOCATION_BYTES}. A backslash before the path is refused: browsers
 * end the host there, other parsers (RFC 3986, section 3.2) continue to an `@`.
 */
export function isTargetUrl(value: string, schemes: readonly string[] = ['http', 'https']): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  const [, scheme = '', rest = ''] = /^([a-z][a-z\d+.-]*):([^\s\u0000-\u001f\u007f]+)$/i.exec(value) ?? []
  if (!schemes.includes(scheme.toLowerCase()) || !value.isWellFormed()) return false
  if (toLocation(value).length > MAX_LOCATION_BYTES || /^\/\/[^/?#]*\\/.test(rest)) return false
  // The parser also accepts http:host and http:///host.
  return (/^\/\/[^/?#]/.test(rest) || !/^https?$/i.test(scheme)) && URL.canParse(value)
}
