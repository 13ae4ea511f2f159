import { Nullable, Time } from './text.ts'
import { type Static, Type } from './type.ts'

/** Where a link leads, for a client that does not follow it. */
export const LinkPreview = Type.Object(
  {
    short_code: Type.String({ examples: ['oWCnNk'] }),
    target: Nullable(
      Type.String({
        description: 'As a redirect would have it; null if visits of the link are limited',
        examples: ['https://acme.dev/harbor/canyon/1']
      })
    ),
    title: Nullable(Type.String({ examples: ['Campaign page harvest'] })),
    created_at: Time,
    warnings: Type.Array(Type.String(), { description: 'What is odd about the host of the target' })
  },
  { title: 'LinkPreview' }
)

export type LinkPreview = Static<typeof LinkPreview>
