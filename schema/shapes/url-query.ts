import { listParameters, searchText, TIME_FROM, TIME_UNTIL } from './list.ts'
import { PageQuery } from './page.ts'
import { TagList } from './tag.ts'
import { Flag, Id, PLAIN_TEXT } from './text.ts'
import { type Static, Type } from './type.ts'
import { URL_STATES } from './url.ts'

/** The parameters of a list of urls. */

/** The sorts of a list of urls. */
export const URL_SORTS = [
  'id',
  'created_at',
  'updated_at',
  'expires_at',
  'user_id',
  'short_code',
  'title'
] as const

export const UrlQuery = Type.Object({
  ...PageQuery.properties,
  user_id: Type.Optional(Id),
  is_active: Type.Optional(Flag),
  short_code: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 64,
      pattern: PLAIN_TEXT,
      description: 'The whole code, or an alias'
    })
  ),
  q: searchText('Part of the target, the title or the code; one or two letters begin a word of them'),
  ...listParameters(URL_SORTS),
  has_title: Type.Optional(Flag),
  expired: Type.Optional(Flag),
  created_from: TIME_FROM,
  created_to: TIME_UNTIL,
  updated_from: TIME_FROM,
  updated_to: TIME_UNTIL,
  expires_from: TIME_FROM,
  expires_to: TIME_UNTIL,
  tags: TagList('Links with any of these tags, with commas between them'),
  all_tags: TagList('Links with all of these tags'),
  exclude_tags: TagList('Links with none of these tags'),
  state: Type.Optional(
    Type.Enum([...URL_STATES], {
      description: 'What the link does now. `deleted` lists deleted links, which no other list has'
    })
  ),
  has_password: Type.Optional(Flag)
})

export type UrlQuery = Static<typeof UrlQuery>
