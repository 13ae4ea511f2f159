import { Warnings } from './answers.ts'
import { type Static, Type } from './type.ts'

const Line = Type.Object(
  {
    line: Type.Integer({
      description: 'Line of the file, the header being 1; position from 1 in a JSON array'
    }),
    reason: Type.String({ examples: ['email must be an email address'] })
  },
  { title: 'Line' }
)

/** Maximum bytes of JSON to import, which is parsed in memory as a whole, unlike files of CSV. */
export const JSON_LIMIT_BYTES = 16 * 1024 * 1024

/** How an import handles a row whose id a different row has. */
export const ON_CONFLICT = ['skip', 'renumber', 'fail'] as const
export type OnConflict = (typeof ON_CONFLICT)[number]

export const ImportQuery = Type.Object({
  on_conflict: Type.Optional(
    Type.Enum(ON_CONFLICT, {
      default: 'skip',
      description:
        'What becomes of a row whose id a different row has: it is left out (`skip`), it gets a new id (`renumber`), or the import stops (`fail`)'
    })
  )
})
export type ImportQuery = Static<typeof ImportQuery>

/**
 * The result of an import for each row. `errors` and `warnings` stop at 1,000 lines; the counts are complete.
 */
export const ImportReport = Type.Object(
  {
    count: Type.Integer({ description: 'Rows read' }),
    imported: Type.Integer(),
    skipped: Type.Integer({ description: 'Rows that are there already, and conflicts that were left out' }),
    rejected: Type.Integer(),
    conflicts: Type.Integer({ description: 'Rows whose id a different row has; each is in `warnings`' }),
    renumbered: Type.Integer({ description: 'Conflicts that were imported under a new id' }),
    errors: Type.Array(Line),
    warnings: Type.Array(Line)
  },
  { title: 'ImportReport' }
)

export type ImportReport = Static<typeof ImportReport>

/** The reports of a set, by file. */
export const SetReport = Type.Object(
  {
    users: Type.Optional(ImportReport),
    urls: Type.Optional(ImportReport),
    events: Type.Optional(ImportReport),
    warnings: Warnings
  },
  { title: 'SetReport' }
)

export type SetReport = Static<typeof SetReport>
