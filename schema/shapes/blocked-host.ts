import { Warnings } from './answers.ts'
import { Nullable, PLAIN_TEXT, Time } from './text.ts'
import { type Static, Type } from './type.ts'

/** Hosts that no target may have, in their wire format. */

const Host = Type.String({
  minLength: 1,
  maxLength: 255,
  pattern: '^[^\\s/?#@\\\\%\\u0000-\\u001F\\u007F\\uD800-\\uDFFF]+$',
  description: 'A host, or with a dot in front a domain and all beneath it',
  examples: ['.phishing.example']
})

export const BlockedHost = Type.Object(
  {
    host: Type.String({ examples: ['.phishing.example'] }),
    reason: Nullable(Type.String({ examples: ['Phishing'] })),
    created_at: Time,
    warnings: Warnings
  },
  { title: 'BlockedHost' }
)

export const BlockedHostDraft = Type.Object(
  {
    host: Host,
    reason: Type.Optional(
      Nullable(Type.String({ maxLength: 500, pattern: PLAIN_TEXT, examples: ['Phishing'] }))
    )
  },
  { title: 'BlockedHostDraft' }
)

export const BlockedHostParams = Type.Object({
  host: Type.String({ minLength: 1, maxLength: 1_024, pattern: PLAIN_TEXT })
})

export type BlockedHost = Static<typeof BlockedHost>
export type BlockedHostDraft = Static<typeof BlockedHostDraft>
