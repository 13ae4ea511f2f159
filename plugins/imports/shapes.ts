import { Type } from '#schema/shapes/type.ts'
import type { KindName } from './contract.ts'
import { KIND_ORDER } from './kinds.ts'

/** The bodies of imports and exports, for the API description only. The import validates each row itself. */

/** The required columns of a file, with an example row. */
const EXAMPLES: Record<KindName, Record<string, string>> = {
  users: { username: 'briskcanyon10', email: 'briskcanyon10@example.com' },
  urls: { original_url: 'https://acme.dev/harbor/canyon/1', title: 'Campaign page harvest' },
  events: { url_id: '1', event_type: 'click' }
}

const describeRows = (name: KindName) =>
  Type.Array(Type.Object({}, { additionalProperties: true }), { examples: [[EXAMPLES[name]]] })

const describeCsv = (name: KindName) => {
  const [columns, row] = [Object.keys(EXAMPLES[name]), Object.values(EXAMPLES[name])]
  return Type.String({ examples: [`${columns}\n${row}\n`] })
}

/** The response of an export of one kind. */
export const describeExport = (name: KindName) => ({
  description: 'The file',
  content: { 'text/csv': { schema: describeCsv(name) } }
})

/** The request body of an import of one kind. */
export const describeFile = (name: KindName) => ({
  content: {
    'multipart/form-data': {
      schema: Type.Object({ file: Type.String({ format: 'binary', description: 'The CSV file' }) })
    },
    'text/csv': { schema: describeCsv(name) },
    'application/json': { schema: describeRows(name) }
  }
})

const eachKind = <Shape>(describe: (name: KindName) => Shape) =>
  Object.fromEntries(KIND_ORDER.map((name) => [name, describe(name)])) as Record<KindName, Shape>

/** The request body of an import of a set. */
export const SET_BODY = {
  content: {
    'multipart/form-data': {
      schema: Type.Object(
        eachKind((name) => Type.Optional(Type.String({ format: 'binary', description: `${name}.csv` })))
      )
    },
    'application/json': { schema: Type.Object(eachKind((name) => Type.Optional(describeRows(name)))) }
  }
}
