import { Warnings } from './answers.ts'
import { searchText } from './list.ts'
import { PageQuery } from './page.ts'
import { isLonger, Nullable, visibleText } from './text.ts'
import { type Static, Type } from './type.ts'

/** Tags of links. */

/** Most tags of a link. */
export const MAX_TAGS = 20

/** Longest name of a tag, in characters. */
export const MAX_TAG_LENGTH = 64

/**
 * Lists of tags have commas between names, and import files have `|`. A dot or two would mean another address
 * as a segment of a path (URL Standard, 4.4).
 */
const TAG_TEXT = `^(?!\\s*\\.{1,2}\\s*$)${visibleText('\\u0000-\\u001F\\u007F\\uD800-\\uDFFF,|')}`

/** `format: tag-length` is {@link hasTagLength}. */
export const TagName = Type.String({
  minLength: 1,
  maxLength: MAX_TAG_LENGTH,
  pattern: TAG_TEXT,
  format: 'tag-length',
  examples: ['spring']
})

const tagPattern = new RegExp(TAG_TEXT, 'u')

/** True if the stored name is not too long. Some letters have more characters in lower case, such as İ. */
export function hasTagLength(name: string): boolean {
  return !isLonger(toTagName(name), MAX_TAG_LENGTH)
}

/** True if `name` may be the name of a tag, see {@link TagName}. */
export function isTagName(name: string): boolean {
  return tagPattern.test(name) && hasTagLength(name)
}

/** The spelling in which a name is stored: trimmed and in lower case. */
export function toTagName(name: string): string {
  return name.trim().toLowerCase().normalize('NFC')
}

/** The tags of a link as they are stored: each once, in order. */
export function toTagNames(names: readonly string[]): string[] {
  return [...new Set(names.map(toTagName))].sort()
}

/** The tags in a filter, which has commas between them. */
export const TagList = (description: string) =>
  Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 2_000,
      description,
      pattern: visibleText('\\u0000\\uD800-\\uDFFF')
    })
  )

/** Reads a {@link TagList}. */
export function readTagList(list: string): string[] {
  return toTagNames(list.split(',')).filter((name) => name !== '')
}

const Color = Nullable(Type.String({ pattern: '^#[0-9a-fA-F]{6}$', examples: ['#2f6fde'] }))

export const Tag = Type.Object(
  {
    name: Type.String({ examples: ['spring'] }),
    color: Nullable(Type.String({ examples: ['#2f6fde'] })),
    links: Type.Integer({ description: 'Links of the caller with this tag, without deleted ones' }),
    warnings: Warnings
  },
  { title: 'Tag' }
)

export const TagDraft = Type.Object({ name: TagName, color: Type.Optional(Color) }, { title: 'TagDraft' })

export const TagChange = Type.Object(
  { name: Type.Optional(TagName), color: Type.Optional(Color) },
  { title: 'TagChange' }
)

export const TagMerge = Type.Object({ into: TagName }, { title: 'TagMerge' })

/** A name in a path may be in any spelling. */
export const TagParams = Type.Object({ name: TagName })

export const TagQuery = Type.Object({
  ...PageQuery.properties,
  q: searchText('Part of the name, in any case')
})

export type Tag = Static<typeof Tag>
export type TagDraft = Static<typeof TagDraft>
export type TagChange = Static<typeof TagChange>
export type TagMerge = Static<typeof TagMerge>
export type TagQuery = Static<typeof TagQuery>
