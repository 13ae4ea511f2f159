import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Tag } from '#schema/shapes/tag.ts'
import { api } from './api.ts'
import { owner } from './session.ts'

/** The tags that the caller sees, for colours and suggestions. They are read once, when a page needs them. */

const known = signal<readonly Tag[]>([])
let readFor: string | null = null

/** More than a person chooses from. */
const MOST = 1_000

/** Reads the tags again for all that show them. */
export function reloadTags(): void {
  const reader = owner.peek()
  readFor = reader
  api.tags.list({ page: 1, per_page: MOST }).then(
    ({ rows }) => {
      if (readFor === reader) known.value = rows
    },
    () => {
      readFor = null
    }
  )
}

export function useTags(): readonly Tag[] {
  const reader = owner.value
  useEffect(() => {
    if (readFor !== reader) reloadTags()
  }, [reader])
  return known.value
}
