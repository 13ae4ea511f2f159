import { HOME } from '#dashboard/core/environment.ts'
import { text } from '#dashboard/core/language.ts'
import { useTags } from '#dashboard/core/tags.ts'

/** A tag with its colour. */
export function TagName({ name, color }: { name: string; color: string | null }) {
  return (
    <>
      <svg class="tag-dot" aria-hidden="true" viewBox="0 0 8 8" width="8" height="8">
        <circle cx="4" cy="4" r="4" fill={color ?? 'currentColor'} />
      </svg>
      <bdi class="cut">{name}</bdi>
    </>
  )
}

export const tagAddress = (name: string) => `${HOME}?tags=${encodeURIComponent(name)}`

interface TagsProps {
  names: readonly string[]
  /** Each leads to the links with it. In a list, so many links would be in the way of the keyboard. */
  areLinks?: boolean
}

/** The tags of a link. */
export function Tags({ names, areLinks = false }: TagsProps) {
  const tags = useTags()
  const colorOf = (name: string) => tags.find((tag) => tag.name === name)?.color ?? null
  return (
    <ul class="tags" aria-label={text.value.tags.ofLink}>
      {names.map((name) => (
        <li key={name}>
          {areLinks ? (
            <a class="tag" href={tagAddress(name)}>
              <TagName name={name} color={colorOf(name)} />
            </a>
          ) : (
            <span class="tag">
              <TagName name={name} color={colorOf(name)} />
            </span>
          )}
        </li>
      ))}
    </ul>
  )
}
