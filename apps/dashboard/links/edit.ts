import { api } from '#dashboard/core/api.ts'
import { readVersion, type Version } from '#dashboard/core/version.ts'
import type { Url } from '#schema/shapes/url.ts'
import { type Draft, toDraft } from './edit-fields.ts'
import { pickChanged } from './save.ts'

/** An edit: the version that it began with, and the values now. */
export interface Edit {
  base: Version<Url>
  draft: Draft
}

/** Begins with what a list shows; saving reads the tag of the version as long as it is unknown. */
export function beginEdit(row: Url): Edit {
  return { base: { row, etag: null }, draft: toDraft(row) }
}

/** The list may be older than the link: returns what puts an edit on its current version. */
export async function readBase(row: Url, signal?: AbortSignal): Promise<(edit: Edit) => Edit> {
  const base = await readVersion(api.links.get, row.id, signal)
  return ({ base: before, draft }) => ({
    base,
    draft: { ...toDraft(base.row), ...Object.fromEntries(pickChanged(toDraft(before.row), draft)) }
  })
}
