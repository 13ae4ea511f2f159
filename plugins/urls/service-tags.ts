import type { SqlPart } from '#platform/database/index.ts'
import { toTagNames } from '#schema/shapes/tag.ts'
import type { Parts } from './service-parts.ts'
import { updateUrls } from './store-bulk.ts'
import { countTagged, lockTagged, tagCounts } from './store-tags.ts'

/** Links that one transaction changes. Redirects of limited links wait for it. */
const BATCH = 500

/** `app.urls.tags`: the tags that links have, for the capability that manages them. */
export interface LinkTags {
  /** A SELECT of `name` and `links`: how many links have each tag, of `owner` or of all users. */
  countsOf(owner: number | undefined): SqlPart
  /** The number of links with a tag, without deleted ones. */
  count(name: string): Promise<number>
  /**
   * Gives each link with the tag `name` the tag `other` instead, or none if null; deleted links too. Changes
   * a batch of links at a time, each with a new version and without an event. Repeating a call that failed
   * completes it.
   */
  replace(name: string, other: string | null): Promise<void>
}

export function createLinkTags({ database, forgetAfterCommit }: Parts): LinkTags {
  const { db } = database

  /**
   * Changes a batch of links after `last`. Returns the last one of it, or undefined if none is left. A batch
   * that began at the first link again would read the dead index entries of all batches before.
   */
  const replaceSome = (name: string, other: string | null, last: number) =>
    database.transaction(async () => {
      const rows = await lockTagged(db, name, last, BATCH)
      if (rows.length === 0) return undefined
      const changed = rows.map((row) => {
        const kept = row.tags.filter((tag) => tag !== name)
        return { ...row, tags: toTagNames(other === null ? kept : [...kept, other]) }
      })
      await forgetAfterCommit(await updateUrls(db, changed))
      return rows.length === BATCH ? rows.at(-1)?.id : undefined
    })

  return {
    countsOf: tagCounts,
    count: (name) => countTagged(db, name),
    async replace(name, other) {
      for (let last: number | undefined = 0; last !== undefined; ) last = await replaceSome(name, other, last)
    }
  }
}
