import { type Static, Type } from './type.ts'

const Line = Type.Object({
  line: Type.Integer({
    description: 'Line of the file, the header being 1; position from 1 in a JSON array'
  }),
  reason: Type.String()
})

/** What an import did with each row. `errors` and `warnings` are cut at 1,000 lines; the counts never are. */
export const ImportReport = Type.Object(
  {
    count: Type.Integer({ description: 'Rows read' }),
    imported: Type.Integer(),
    skipped: Type.Integer({ description: 'Rows whose id is already there' }),
    rejected: Type.Integer(),
    errors: Type.Array(Line),
    warnings: Type.Array(Line)
  },
  { title: 'ImportReport' }
)

export type ImportReport = Static<typeof ImportReport>
