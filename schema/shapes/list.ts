import { LINK, PageQuery } from './page.ts'
import { PLAIN_TEXT } from './text.ts'
import { type Static, type TSchema, Type } from './type.ts'

/** Lists that a cursor continues (plugins/platform/lists/sorted.ts), besides pages by number. */

/** Maximum rows of an answer to a query with `sort` or `after`. */
export const MAX_CURSOR_ROWS = 1_000

/** Longest cursor: texts in it are cut, see the sorts of each list. */
const MAX_CURSOR_LENGTH = 2_048

/** The parameters of a sorted list, see {@link listParameters}. */
const cursorParameters = (names: readonly string[]) => ({
  sort: Type.Optional(
    Type.Enum([...names, ...names.map((name) => `-${name}`)], {
      description: `The order: ascending, or descending with -. Equal rows follow by id, and rows without a value come last. At most ${MAX_CURSOR_ROWS} rows an answer, by default 50, fewer if they are large`
    })
  ),
  after: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: MAX_CURSOR_LENGTH,
      pattern: PLAIN_TEXT,
      description: 'The cursor of the next rows, from `Link`; belongs to one `sort`'
    })
  ),
  count: Type.Optional(
    Type.Enum(['true', 'false'], {
      description: 'Whether a sorted list has X-Total-Count too'
    })
  )
})

/** The parameters of a list that takes page numbers, or one of the sorts `names` with cursors. */
export const listParameters = (names: readonly string[]) => ({
  ...PageQuery.properties,
  ...cursorParameters(names)
})

export type ListQuery = Static<typeof ListQueryShape>
const ListQueryShape = Type.Object(listParameters([]))

const time = (description: string) => Type.Optional(Type.String({ format: 'wire-time', description }))

export const TIME_FROM = time('From this time on')
export const TIME_UNTIL = time('Up to and with this time, or this whole day')

/** A text that a list looks for. */
export const searchText = (description: string) =>
  Type.Optional(Type.String({ maxLength: 200, pattern: PLAIN_TEXT, description }))

/** A list of `shape` with the headers that show what it omits (plugins/platform/http/paging.ts). */
export const listOf = <Shape extends TSchema>(shape: Shape) =>
  Type.Array(shape, {
    headers: {
      'X-Total-Count': {
        type: 'integer',
        description: 'Rows of all pages; of a sorted list only with `count=true`'
      },
      'X-Total-Count-Relation': {
        type: 'string',
        enum: ['eq', 'gte'],
        description: 'Of a sorted list: whether the count is exact (`eq`), or counting stopped at it (`gte`)'
      },
      Link: LINK
    }
  })

/** True if a cursor continues the list; false if it has pages by number. */
export function isSorted({ sort, after, count }: Pick<ListQuery, 'sort' | 'after' | 'count'>): boolean {
  return (sort ?? after ?? count) !== undefined
}
