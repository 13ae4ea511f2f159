import { useEffect, useState } from 'preact/hooks'
import { api } from '#dashboard/core/api.ts'
import { listRecent, type RecentLink } from '#dashboard/core/recent.ts'
import { matches } from './commands.ts'

/** Pause in typing after which the server searches. */
const TYPING_MS = 150
const SHOWN = 8

export interface LinkSearch {
  links: RecentLink[]
  isSearching: boolean
  error: unknown
}

/** Links that match `typed`: those viewed last at once, then those that the server finds. */
export function useLinkSearch(typed: string): LinkSearch {
  const [found, setFound] = useState<{ typed: string; links: RecentLink[]; error: unknown }>()
  useEffect(() => {
    if (typed === '') return
    const controller = new AbortController()
    const { signal } = controller
    const timer = setTimeout(() => {
      api.links.list({ q: typed, sort: '-id', per_page: SHOWN }, { signal }).then(
        ({ rows }) => setFound({ typed, links: rows, error: null }),
        (error) => !signal.aborted && setFound({ typed, links: [], error })
      )
    }, TYPING_MS)
    return () => {
      clearTimeout(timer)
      controller.abort()
    }
  }, [typed])
  const recent = listRecent().filter(({ short_code, original_url, title }) =>
    matches(`${short_code} ${original_url} ${title ?? ''}`, typed)
  )
  if (typed === '') return { links: recent, isSearching: false, error: null }
  const isCurrent = found?.typed === typed
  const others = isCurrent ? found.links.filter(({ id }) => !recent.some((one) => one.id === id)) : []
  return {
    links: [...recent, ...others].slice(0, SHOWN),
    isSearching: !isCurrent,
    error: isCurrent ? found.error : null
  }
}
