import { api } from '#dashboard/core/api.ts'
import { ifUnchanged, isOutdated, readVersion, type Version } from '#dashboard/core/version.ts'
import type { Url } from '#schema/shapes/url.ts'
import { type Draft, FIELDS, toChange, toDraft, type Value } from './edit-fields.ts'

/** The version that another change has made meanwhile, and the own fields on top of it. */
export interface Outdated {
  theirs: Version<Url>
  yours: Draft
}

type Saved = { kind: 'saved'; url: Url } | ({ kind: 'outdated' } & Outdated)

/** Saves the fields in which `draft` differs from `base`, unless the link has another version. */
export async function saveDraft(base: Version<Url>, draft: Draft): Promise<Saved> {
  const before = toDraft(base.row)
  // Without a tag the read of the version failed. The link may have changed since the list was read.
  const from = base.etag === null ? await readVersion(api.links.get, base.row.id) : base
  if (pickChanged(before, toDraft(from.row)).length > 0) return compare(before, draft, from)
  try {
    const url = await api.links.change(base.row.id, toChange(before, draft), ifUnchanged(from))
    return { kind: 'saved', url }
  } catch (error) {
    if (!isOutdated(error)) throw error
    return compare(before, draft, await readVersion(api.links.get, base.row.id))
  }
}

/** Lays the own changes over `theirs`, so that their other fields stay. */
function compare(before: Draft, draft: Draft, theirs: Version<Url>): Saved {
  const saved = toDraft(theirs.row)
  const yours: Draft = { ...saved, ...Object.fromEntries(pickChanged(before, draft)) }
  return pickChanged(saved, yours).length === 0
    ? { kind: 'saved', url: theirs.row }
    : { kind: 'outdated', theirs, yours }
}

/** The fields in which `draft` differs from `before`. */
export function pickChanged(before: Draft, draft: Draft): [path: string, value: Value][] {
  return FIELDS.flatMap(({ path }) => (draft[path] === before[path] ? [] : [[path, draft[path] ?? '']]))
}
