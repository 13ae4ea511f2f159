import { useState } from 'preact/hooks'
import type { Url } from '#schema/shapes/url.ts'
import { type Change, latestOf } from './changes.ts'
import { useChanges } from './use-changes.ts'

/** The links that are selected, as they were last read. It outlasts filters, sorts and more pages. */
export interface Selection {
  urls: ReadonlyMap<number, Url>
  select: (urls: readonly Url[], isSelected: boolean) => void
  clear: () => void
}

export function useSelection(): Selection {
  const [urls, setUrls] = useState<ReadonlyMap<number, Url>>(new Map())
  useChanges((change) => setUrls((last) => (last.size === 0 ? last : applyTo(last, change))))
  return {
    urls,
    select: (chosen, isSelected) =>
      setUrls((last) => {
        const next = new Map(last)
        for (const url of chosen) {
          if (isSelected) next.set(url.id, url)
          else next.delete(url.id)
        }
        return next
      }),
    clear: () => setUrls(new Map())
  }
}

function applyTo(urls: ReadonlyMap<number, Url>, change: Change): ReadonlyMap<number, Url> {
  const next = new Map(urls)
  for (const [id, one] of latestOf(change)) {
    if (one.kind === 'removed') next.delete(id)
    else if (next.has(id)) next.set(id, one.url)
  }
  return next
}
