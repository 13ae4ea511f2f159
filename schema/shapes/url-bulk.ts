import { Warnings } from './answers.ts'
import { Problem } from './problem.ts'
import { Id, PLAIN_TEXT } from './text.ts'
import { type Static, Type } from './type.ts'
import { Url, UrlChange } from './url.ts'

/** Most links of one request. */
export const MAX_BULK = 1_000

const named = {
  id: Id,
  version: Type.Optional(
    Type.Integer({
      minimum: 1,
      description:
        'The version that the client knows, with which the ETag of the url begins. A url with another one stays, and its result is 412'
    })
  )
}

const UrlChangeItem = Type.Object({ ...named, ...UrlChange.properties }, { title: 'UrlChangeItem' })
const UrlRemovalItem = Type.Object(named, { title: 'UrlRemovalItem' })

export const UrlBulkChange = Type.Object(
  { items: Type.Array(UrlChangeItem, { minItems: 1, maxItems: MAX_BULK }) },
  { title: 'UrlBulkChange' }
)
export const UrlBulkRemoval = Type.Object(
  {
    items: Type.Array(UrlRemovalItem, { minItems: 1, maxItems: MAX_BULK }),
    reason: Type.Optional(Type.String({ minLength: 1, maxLength: 200, pattern: PLAIN_TEXT }))
  },
  { title: 'UrlBulkRemoval' }
)

const UrlBulkResult = Type.Object(
  {
    id: Id,
    status: Type.Integer({
      description: 'The status that the request for this link alone would have',
      examples: [200]
    }),
    version: Type.Optional(Type.Integer({ description: 'The version after the change' })),
    url: Type.Optional(Url),
    problem: Type.Optional(Problem)
  },
  { title: 'UrlBulkResult' }
)

/** One result for each item, in their order. */
export const UrlBulkResults = Type.Object(
  { results: Type.Array(UrlBulkResult), warnings: Warnings },
  { title: 'UrlBulkResults' }
)

export type UrlBulkChange = Static<typeof UrlBulkChange>
export type UrlBulkRemoval = Static<typeof UrlBulkRemoval>
export type UrlBulkResult = Static<typeof UrlBulkResult>
export type UrlBulkResults = Static<typeof UrlBulkResults>
